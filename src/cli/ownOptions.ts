/** The options of the command line beside those of a command's params. A param keeps its flag; the option of that name is then not there. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Application } from './Application.js';
import { readPrincipal, standardPrincipal } from './principal.js';

export interface OwnOptions {
  readonly json: boolean;
  readonly db: string | undefined;
  readonly verbose: boolean;
  /** Goes on waiting for what only others can give. */
  readonly wait: boolean;
  /** Who runs it. */
  readonly principal: unknown;
}

export interface OwnOptionsSpec {
  /** What `--json` does. @default there is no such option */
  readonly json?: string;
  /** The subcommand opens a journal, which `--db` names where the user chooses it. */
  readonly usesJournal: boolean;
  /** The subcommand takes a run to its end. @default false */
  readonly follows?: boolean;
  /** The subcommand starts a run. @default false */
  readonly starts?: boolean;
}

/** Adds them. Call it after the params were added. */
export function addOwnOptions(
  target: Command,
  { journal }: Application,
  { json, usesJournal, follows = false, starts = false }: OwnOptionsSpec,
): void {
  const own = journal === 'own';
  if (json !== undefined) addOption(target, 'json', new Option('--json', json));
  if (usesJournal) addOption(target, 'db', own ? refusedJournal() : new Option('--db <file>', JOURNAL));
  if (follows) addOption(target, 'wait', new Option('--wait', WAIT));
  if (starts) addOption(target, 'principal', new Option('--principal <json>', PRINCIPAL).argParser(readPrincipal));
  addOption(target, 'verbose', new Option('-v, --verbose', own ? 'show the stacks of errors' : 'log to standard error'));
}

export function ownOptionsOf(target: Command): OwnOptions {
  const given = (name: keyof OwnOptions): unknown => target.getOptionValue(keyOf(name));
  const db = given('db');
  return {
    json: given('json') === true,
    verbose: given('verbose') === true,
    wait: given('wait') === true,
    db: typeof db === 'string' ? db : undefined,
    /** Looked up when it is asked for: a plan opens nothing. */
    get principal() {
      return given('principal') ?? standardPrincipal();
    },
  };
}

const JOURNAL = 'journal file (default: $SIXFOLD_DB, or .sixfold/journal.db)';
const WAIT = 'stay when the run waits for a person or a signal, instead of handing it back with exit code 4';
const PRINCIPAL = 'who runs it, an object or a text (default: the user of the operating system)';

function refusedJournal(): Option {
  return new Option('--db <file>').hideHelp().argParser(() => {
    throw new InvalidArgumentError('The application brings its own journal: leave --db out, or say --no-app before the command.');
  });
}

function addOption(target: Command, name: keyof OwnOptions, option: Option): void {
  const taken = target.options.flatMap(({ long, short }) => [long, short]);
  if (taken.includes(option.long)) return;
  if (option.short !== undefined && taken.includes(option.short)) {
    option.flags = option.long ?? option.flags;
    delete option.short;
  }
  option.attributeName = () => keyOf(name);
  target.addOption(option);
}

/** A key that no field of a params class has. */
function keyOf(name: keyof OwnOptions): string {
  return `own ${name}`;
}
