/** The way from params to a run, and from a run's end to its result; for callers outside and for runs that execute others. */
import type { ChildCommands, ChildDescription, ChildRequest } from '../abstract/ChildCommands.js';
import type { RegisteredCommand } from '../abstract/command.js';
import { readParams } from '../abstract/params.js';
import { checkedPriority, queueKey } from '../abstract/QueueSpec.js';
import type { TypedCommand } from '../abstract/TypedCommand.js';
import type { EndedRun, Engine, ForkPoint, QueueEntry, RunHandle, RunState } from '../engine/Engine.js';
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
  'QUEUE_INVALID',
  'VALUE_NOT_CARRIED',
]);

/** How a run ended that did nothing in the end. */
const UNDONE: ReadonlySet<RunState> = new Set(['cancelled', 'compensated']);
const AFRESH_MAX = 1000;

export interface StartSettings {
  readonly key?: string | undefined;
  readonly principal?: unknown;
  readonly deadline?: Date | undefined;
  readonly parent?: string | undefined;
  readonly parentStep?: string | undefined;
  readonly priority?: number | undefined;
  /** The caller waits for the end and for nothing else. */
  readonly awaited?: boolean | undefined;
}

export class RunStarter implements ChildCommands {
  constructor(
    private readonly engine: Engine,
    private readonly registry: CommandRegistry,
    private readonly codec: Codec,
  ) {}

  /** @throws UsageError `PARAMS_INVALID`, `DEADLINE_INVALID`, `QUEUE_INVALID`, `KEY_REUSED` */
  start(command: RegisteredCommand, given: object, settings: StartSettings): Promise<RunHandle> {
    try {
      const read = readParams(command.params, given, command.name);
      return read instanceof Promise ? read.then((params) => this.record(command, params, settings)) : this.record(command, read, settings);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private record(command: RegisteredCommand, params: object, settings: StartSettings): Promise<RunHandle> {
    const { codec, engine } = this;
    const { key, principal, deadline, parent, parentStep } = settings;
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
      parentStep,
      queue: queueEntry(command, params, settings),
      awaited: settings.awaited,
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

  async begin({ type, params, afresh = false, ...asked }: ChildRequest): Promise<string> {
    const command = this.registry.ofType(type);
    const settings = afresh ? { ...asked, key: await this.freshKey(command.name, asked) } : asked;
    try {
      return (await this.start(command, params, settings)).id;
    } catch (error) {
      if (!isRefusal(error)) throw leftWithChild(settings.parent, error);
      const known = await this.known(command.name, settings);
      if (!known) throw error;
      return known.id; // Whatever its params were when it was begun: it is under way, or has its outcome.
    }
  }

  /** The key of the first run that was neither cancelled nor undone, or of none. */
  private async freshKey(command: string, asked: Omit<ChildRequest, 'type' | 'params'>): Promise<string> {
    for (let n = 0; n < AFRESH_MAX; n += 1) {
      const key = n === 0 ? asked.key : `${asked.key}~${n}`;
      const run = await this.known(command, { ...asked, key });
      if (!run || !UNDONE.has((await this.engine.history(run.id)).state)) return key;
    }
    throw new UsageError('UNDO_FAILED', `${command} was begun ${AFRESH_MAX} times to undo something, and never came to its end.`);
  }

  private async known(command: string, { key, parent }: Omit<ChildRequest, 'type' | 'params'>): Promise<RunHandle | undefined> {
    try {
      return await this.engine.resumeByKey(command, key);
    } catch (error) {
      throw leftWithChild(parent, error);
    }
  }

  /** As the runner's. */
  async fork(runId: string, from: ForkPoint): Promise<RunHandle> {
    const { engine, registry, codec } = this;
    const run = await engine.history(runId);
    const command = registry.all.find(({ name }) => name === run.command);
    const params = command?.queue && codec.revive(run.params, command.params);
    return engine.fork(run.id, from, command && params ? queueEntry(command, params, {}) : undefined);
  }
}

/** What a child is refused with before it begins; anything else says that it has no outcome yet. */
function isRefusal(error: unknown): boolean {
  return error instanceof SixfoldError && REFUSALS.has(error.code);
}

function queueEntry({ name: command, queue }: RegisteredCommand, params: object, { priority = 0 }: StartSettings): QueueEntry | undefined {
  if (priority !== 0) checkedPriority(priority, command);
  if (!queue) return undefined;
  const { name = command, concurrency, rate } = queue;
  return { name, concurrency, rate, key: queueKey(queue, params, command), priority };
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
