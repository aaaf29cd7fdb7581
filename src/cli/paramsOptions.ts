/** Flags from a params class: names, types, choices and defaults come from its rules and initialisers. */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { type Class, type ParamsField, paramsFieldsOf } from '../index.js';

/** Adds a flag, or a positional argument, for every field. */
export function addParams(target: Command, params: Class<object>): void {
  const fields = paramsFieldsOf(params);
  const positional = fields.filter((field) => field.positional !== undefined);
  for (const field of positional.toSorted((one, other) => (one.positional ?? 0) - (other.positional ?? 0))) {
    target.addArgument(argumentOf(field));
  }
  for (const field of fields) if (field.positional === undefined) target.addOption(optionOf(field));
}

/** The params that the flags of a command line give; what was not given is left out. */
export function paramsFrom(target: Command, params: Class<object>): object {
  const options = target.opts();
  const named = paramsFieldsOf(params).map((field): [string, unknown] => {
    if (field.positional !== undefined) return [field.name, target.processedArgs[field.positional]];
    return [field.name, target.getOptionValueSource(field.name) === 'default' ? undefined : options[field.name]];
  });
  return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}

/** `failOn` → `--fail-on`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function optionOf(field: ParamsField): Option {
  const names = field.short === undefined ? flagOf(field.name) : `-${field.short}, ${flagOf(field.name)}`;
  const flags = field.type === 'truth' && !field.list ? names : `${names} <${placeholderOf(field)}>`;
  const option = new Option(flags, field.description ?? '');
  option.attributeName = () => field.name;
  if (field.fallback !== undefined) option.default(field.fallback);
  if (!field.optional) option.makeOptionMandatory();
  if (field.choices && !field.list) option.choices(field.choices.map(String));
  else if (field.type !== 'truth') option.argParser((text: string, before: unknown) => parsed(field, text, before));
  return option;
}

function argumentOf(field: ParamsField): Argument {
  const argument = new Argument(
    field.optional ? `[${flagOf(field.name).slice(2)}]` : `<${flagOf(field.name).slice(2)}>`,
    field.description ?? '',
  );
  return argument.argParser((text: string, before: unknown) => parsed(field, text, before));
}

function placeholderOf(field: ParamsField): string {
  const one = field.placeholder ?? (field.type === 'integer' || field.type === 'number' ? 'number' : 'text');
  return field.list ? `${one},…` : one;
}

function parsed(field: ParamsField, text: string, before: unknown): unknown {
  if (!field.list) return convert(field, text);
  const earlier = Array.isArray(before) && before !== field.fallback ? before : [];
  return [...earlier, ...text.split(',').map((part) => convert(field, part.trim()))];
}

function convert(field: ParamsField, text: string): unknown {
  if (field.type !== 'integer' && field.type !== 'number') return text;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('It is not a number.');
  return value;
}
