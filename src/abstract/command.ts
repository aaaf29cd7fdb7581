import type { AbstractClass, Class } from '../kernel/Class.js';
import { UsageError } from '../kernel/errors.js';
import { type AbstractCommand, type AnyCommand, hooksToWrite, lifecycleOf } from './AbstractCommand.js';
import { PHASES, type PhaseTimeouts } from './Phase.js';
import type { PhaseWeights } from './ProgressMeter.js';
import { checkedQueue, type QueueSpec } from './QueueSpec.js';
import { LACKS, uncheckedFieldsOf } from './validation/uncheckedFields.js';

/** What a terminal can show. */
export interface Terminal {
  /** Width in characters, at least 60. */
  readonly columns: number;
  readonly colour: boolean;
}

/** A result made readable for a person. */
export interface Presentation {
  readonly text: string;
  /** False when the result misses what the caller asked of it, such as `--fail-on`; the command line then exits with 1. @default true */
  readonly accepted?: boolean;
}

export interface CommandSpec<P extends object, R> {
  /** Lower case words joined by hyphens; unique in an application. */
  readonly name: string;
  /** Class of the params, every field with its rules. */
  readonly params: Class<P>;
  /** Class of the result; without it a plain value is returned. */
  readonly result?: Class<R>;
  /** Recorded with each run. @default '1' */
  readonly version?: string;
  readonly description?: string;
  /** How long a phase may take, in milliseconds; a run that takes longer fails with `PHASE_TIMED_OUT`. @default no limit */
  readonly phaseTimeoutsMs?: PhaseTimeouts;
  /** Which share of the whole work each phase is taken to be, for the progress. Only ratios count. @default nearly all is execution */
  readonly phaseWeights?: PhaseWeights;
  /** Limits for all runs of the command together. @default every run begins at once */
  readonly queue?: QueueSpec<P>;
  /**
   * Names of steps that an earlier version had and this one does not have any more. Without this, a run that recorded such a
   * step is refused when it is gone on with, unless the step was a `read`.
   */
  readonly retiredSteps?: readonly string[];
  /** Command lines for `--help`, without the program's name. */
  readonly examples?: readonly string[];
  /** How the command line shows a result. @default as JSON */
  readonly present?: (result: R, terminal: Terminal) => Presentation;
}

/** A registered command as the runner and the command line see it. */
export interface RegisteredCommand extends CommandSpec<object, unknown> {
  readonly type: Class<AnyCommand>;
  readonly version: string;
}

const SPECS = new WeakMap<AbstractClass<unknown>, CommandSpec<object, unknown>>();
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

// biome-ignore lint/suspicious/noExplicitAny: without a declared class the result may be any plain value
type Declared<R> = [R] extends [never] ? any : R;

/** Names a command class and declares the classes of its params and result. */
export function command<P extends object, R = never>(
  spec: CommandSpec<P, R>,
): <C extends Class<AbstractCommand<P, Declared<R>>>>(target: C) => void {
  return (target) => {
    SPECS.set(target, spec as unknown as CommandSpec<object, unknown>); // Kept for all commands, whatever their types.
  };
}

/**
 * Checks a class for what would only fail in the middle of a run.
 *
 * @throws UsageError `COMMAND_NOT_DECLARED`, `COMMAND_NAME_INVALID`, `DRIVER_OVERRIDDEN`, `HOOK_MISSING`,
 * `COMMAND_OPTION_INVALID`, `QUEUE_INVALID` or `PARAMS_WITHOUT_RULES`.
 */
export function registeredCommand(type: Class<AnyCommand>): RegisteredCommand {
  const spec = SPECS.get(type);
  if (!spec) {
    throw new UsageError('COMMAND_NOT_DECLARED', `${type.name} has no @command of its own. Put @command({ name, params }) on the class.`, {
      details: { class: type.name },
    });
  }
  if (!NAME.test(spec.name)) {
    throw new UsageError(
      'COMMAND_NAME_INVALID',
      `${type.name} is named "${spec.name}"; a command's name is lower case words joined by hyphens, such as "place-order".`,
      { details: { class: type.name, name: spec.name } },
    );
  }
  refuseOverriddenDriver(type);
  refuseMissingHooks(type);
  refuseBadNumbers(type, spec);
  if (spec.queue) checkedQueue(spec.queue, type.name);
  refuseFieldsWithoutRules(type, spec);
  return { ...spec, type, version: spec.version ?? '1' };
}

function refuseOverriddenDriver(type: Class<AnyCommand>): void {
  for (let prototype = type.prototype; prototype && prototype !== Object.prototype; prototype = Object.getPrototypeOf(prototype)) {
    if (Object.hasOwn(prototype, 'execute')) throw driverOverridden(prototype.constructor.name);
  }
}

/** TypeScript refuses this; a command in plain JavaScript has nobody else to tell it. */
function refuseMissingHooks(type: Class<AnyCommand>): void {
  const hooks: readonly string[] = type.prototype[hooksToWrite] ?? [];
  const missing = hooks.filter((hook) => typeof type.prototype[hook] !== 'function');
  if (missing.length === 0) return;
  throw new UsageError('HOOK_MISSING', `${type.name} does not have ${missing.join(', ')}. Write ${missing.length === 1 ? 'it' : 'them'}.`, {
    details: { class: type.name, hooks: missing },
  });
}

function refuseBadNumbers(type: Class<AnyCommand>, spec: CommandSpec<object, unknown>): void {
  for (const [option, least] of [
    ['phaseTimeoutsMs', 1],
    ['phaseWeights', 0],
  ] as const) {
    for (const [phase, value] of Object.entries(spec[option] ?? {})) {
      if (Number.isFinite(value) && value >= least && (PHASES as readonly string[]).includes(phase)) continue;
      throw new UsageError(
        'COMMAND_OPTION_INVALID',
        `@command of ${type.name} has ${option}.${phase} = ${String(value)}. Use a phase (${PHASES.join(', ')}) and a number from ${least}.`,
        { details: { class: type.name, option, phase } },
      );
    }
  }
}

/** Also called with each instance, since a field `execute = …` is not on the prototype. */
export function driverOverridden(className: string): UsageError {
  return new UsageError(
    'DRIVER_OVERRIDDEN',
    `${className}.execute would replace the driver. Write run() in a plain command, coordinateSystemInteractions() in an orchestration.`,
    { details: { class: className, method: 'execute' } },
  );
}

function refuseFieldsWithoutRules(type: Class<AnyCommand>, spec: CommandSpec<object, unknown>): void {
  const unchecked = Map.groupBy(uncheckedFieldsOf(spec.params), ({ lack }) => lack);
  if (unchecked.size === 0) return;
  const sentences = [...unchecked].map(([lack, fields]) => {
    const paths = fields.map(({ path }) => path).join(', ');
    return `${spec.params.name}.${paths} of ${type.name} ${fields.length === 1 ? 'has' : 'have'} ${LACKS[lack]}`;
  });
  throw new UsageError('PARAMS_WITHOUT_RULES', sentences.join(' '), {
    details: { class: spec.params.name, fields: [...unchecked.values()].flat().map(({ path }) => path) },
  });
}

/** True for an instance that a driver can run. */
export function isCommand(candidate: unknown): candidate is AnyCommand {
  return typeof candidate === 'object' && candidate !== null && lifecycleOf in candidate;
}
