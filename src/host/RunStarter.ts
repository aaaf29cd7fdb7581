/** The way from params to a run, and from a run's end to its result; for callers outside and for runs that execute others. */
import type { ChildCommands, ChildDescription, ChildRequest } from '../abstract/ChildCommands.js';
import type { RegisteredCommand } from '../abstract/command.js';
import { readParams } from '../abstract/params.js';
import type { TypedCommand } from '../abstract/TypedCommand.js';
import type { EndedRun, Engine, RunHandle } from '../engine/Engine.js';
import { isHandBack, leftWithChild } from '../engine/handBack.js';
import type { Class } from '../kernel/Class.js';
import type { Codec } from '../kernel/codec/Codec.js';
import type { ErrorCode } from '../kernel/codes.js';
import { SixfoldError, UsageError } from '../kernel/errors.js';
import { fingerprintOf } from './CommandProgram.js';
import type { CommandRegistry } from './CommandRegistry.js';

const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'COMMAND_NOT_RESOLVED',
  'DEADLINE_INVALID',
  'KEY_REUSED',
  'PARAMS_INVALID',
  'VALUE_NOT_CARRIED',
]);

export interface StartSettings {
  readonly key?: string | undefined;
  readonly principal?: unknown;
  readonly deadline?: Date | undefined;
  readonly parent?: string | undefined;
}

export class RunStarter implements ChildCommands {
  constructor(
    private readonly engine: Engine,
    private readonly registry: CommandRegistry,
    private readonly codec: Codec,
  ) {}

  /** @throws UsageError `PARAMS_INVALID`, `DEADLINE_INVALID`, `KEY_REUSED` */
  start(command: RegisteredCommand, given: object, settings: StartSettings): Promise<RunHandle> {
    try {
      const read = readParams(command.params, given, command.name);
      return read instanceof Promise ? read.then((params) => this.begin(command, params, settings)) : this.begin(command, read, settings);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private begin(command: RegisteredCommand, params: object, { key, principal, deadline, parent }: StartSettings): Promise<RunHandle> {
    const { codec, engine } = this;
    if (deadline !== undefined && Number.isNaN(deadline.getTime())) {
      throw new UsageError('DEADLINE_INVALID', `The deadline of ${command.name} is not a valid date. Give a Date in the future.`);
    }
    return engine.start({
      command: command.name,
      version: command.version,
      fingerprint: fingerprintOf(command),
      params: codec.carryExact(params, `the params of ${command.name}`, command.params),
      principal: codec.exactText(principal, 'the principal'),
      key,
      deadline: deadline?.getTime(),
      parent,
    });
  }

  /** @throws the error of a run that did not complete */
  resultOf<R>(ended: EndedRun, command: RegisteredCommand): R {
    if (ended.status !== 'completed') throw this.codec.decode(ended.error ?? 'null');
    const { result } = ended;
    return (result && this.codec.revive(result, command.result as Class<object> | undefined)) as R;
  }

  describe(type: Class<TypedCommand>): ChildDescription {
    const { name, params, result } = this.registry.ofType(type);
    return { name, params, result: result as Class<object> | undefined };
  }

  async run({ type, params, signal, begun, ...settings }: ChildRequest): Promise<unknown> {
    const command = this.registry.ofType(type);
    let ended: EndedRun;
    try {
      const handle = await this.start(command, params, settings);
      begun(handle.id);
      const end = handle.ended();
      cancelOn(signal, handle, end);
      ended = await end;
    } catch (error) {
      throw isRefusal(error) ? error : leftWithChild(settings.parent, error);
    }
    return this.resultOf(ended, command);
  }
}

/** What a child is refused with before it begins; anything else says that it has no outcome yet. */
function isRefusal(error: unknown): boolean {
  return error instanceof SixfoldError && REFUSALS.has(error.code);
}

/** Cancels while the run lasts; leaves no listener behind. An engine that closes hands its runs back, children too. */
export function cancelOn(signal: AbortSignal, handle: RunHandle, end: Promise<unknown>): void {
  const cancel = (): void => {
    if (isHandBack(signal.reason)) return;
    handle.cancel(String(signal.reason instanceof Error ? signal.reason.message : signal.reason)).catch(() => undefined); // The run's end says what became of it.
  };
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  const forget = (): void => signal.removeEventListener('abort', cancel);
  end.then(forget, forget);
}
