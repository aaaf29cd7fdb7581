/** Flags and arguments from a params class: names, types, choices and defaults come from its rules and initialisers. */
import { Argument, type Command, Option } from 'commander';
import { type Class, type ParamsField, paramsFieldsOf, UsageError, type Violation } from '../index.js';
import { readValue } from './paramsValue.js';

/** Adds a flag, or a positional argument, for every field. */
export function addParams(target: Command, params: Class<object>): void {
  const fields = paramsFieldsOf(params);
  for (const field of positionalOf(fields)) target.addArgument(argumentOf(field));
  for (const field of fields) if (field.positional === undefined) for (const option of optionsOf(field)) target.addOption(option);
}

/** The params that a command line gives; what was not given is left out, so that the class keeps its defaults. */
export function paramsFrom(target: Command, params: Class<object>): object {
  const fields = paramsFieldsOf(params);
  const places = positionalOf(fields);
  const named = fields.map((field): [string, unknown] => {
    const given = field.positional === undefined ? wasGiven(target, field) : places.indexOf(field) < target.args.length;
    if (!given) return [field.name, undefined];
    return [field.name, field.positional === undefined ? target.getOptionValue(field.name) : target.processedArgs[places.indexOf(field)]];
  });
  return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}

/** Refused params in the words of the command line: flags and arguments instead of fields. Other errors stay as they are. */
export function inFlags(error: unknown, params: Class<object>): unknown {
  if (!(error instanceof UsageError) || error.code !== 'PARAMS_INVALID') return error;
  const positional = new Set(positionalOf(paramsFieldsOf(params)).map(({ name }) => name));
  const lines = (error.details.violations as readonly Violation[]).map(({ path, message }) => {
    const [name = ''] = path.split(/[.[]/);
    return `${positional.has(name) ? `<${wordsOf(path)}>` : flagOf(path)}: ${message}`;
  });
  return new UsageError(error.code, lines.join('\nsixfold: '), { details: error.details });
}

function wasGiven(target: Command, { name }: ParamsField): boolean {
  return target.getOptionValueSource(name) !== 'default';
}

function positionalOf(fields: readonly ParamsField[]): ParamsField[] {
  return fields
    .filter(({ positional }) => positional !== undefined)
    .toSorted((one, other) => (one.positional ?? 0) - (other.positional ?? 0));
}

/** `failOn` → `--fail-on`. */
function flagOf(name: string): string {
  return `--${wordsOf(name)}`;
}

function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** One option, except for a truth that may be false: where the default is not already so, that takes a `--no-` of its own. */
function optionsOf(field: ParamsField): Option[] {
  const names = field.short === undefined ? flagOf(field.name) : `-${field.short}, ${flagOf(field.name)}`;
  if (field.type !== 'truth' || field.list) return [valueOption(field, names)];
  const yes = optionNamed(field, names);
  const no = optionNamed(field, `--no-${wordsOf(field.name)}`);
  no.negate = true;
  if (field.fallback === true) return [no];
  return field.fallback === false ? [yes] : [yes, no];
}

function valueOption(field: ParamsField, names: string): Option {
  const option = optionNamed(field, `${names} <${placeholderOf(field)}>`);
  if (field.fallback !== undefined) option.default(field.fallback);
  if (field.choices && !field.list) option.choices(field.choices.map(String));
  return option.argParser((text: string, before: unknown) => readValue(field, text, before));
}

function optionNamed(field: ParamsField, flags: string): Option {
  const option = new Option(flags, field.description ?? '').makeOptionMandatory(!field.optional);
  option.attributeName = () => field.name;
  option.negate = false; // A field may be called noCache.
  return option;
}

function argumentOf(field: ParamsField): Argument {
  const name = wordsOf(field.name);
  const argument = new Argument(field.optional ? `[${name}]` : `<${name}>`, field.description ?? '');
  if (field.fallback !== undefined) argument.default(field.fallback);
  if (field.choices && !field.list) argument.choices(field.choices.map(String));
  return argument.argParser((text: string, before: unknown) => readValue(field, text, before));
}

function placeholderOf(field: ParamsField): string {
  const standard = { integer: 'number', number: 'number', text: 'text', truth: 'true|false', other: 'value' }[field.type];
  const one = field.placeholder ?? (field.secret ? 'reference' : standard);
  return field.list ? `${one},…` : one;
}
