/** The steps of one run without an engine: records in a list, a clock that is moved, and a driver that obeys the order of a run. */
import type { StepRequest } from '../../src/abstract/DurableRun.js';
import { silentTelemetry } from '../../src/abstract/Telemetry.js';
import { handedBack } from '../../src/engine/handBack.js';
import type { JournalRecord, RecordKind } from '../../src/engine/Record.js';
import { Deliveries } from '../../src/engine/run/Deliveries.js';
import { Steps, type StepsParts } from '../../src/engine/run/Steps.js';
import { Workspace } from '../../src/engine/Workspace.js';
import { Codec } from '../../src/kernel/codec/Codec.js';
import { CancelledError, type SixfoldError } from '../../src/kernel/errors.js';
import type { Logger } from '../../src/kernel/Logger.js';
import { SecretVault } from '../../src/kernel/SecretVault.js';
import { ManualClock } from './ManualClock.js';

/** More turns than any test needs to come to rest. */
const TURNS_MAX = 500;
const RUN = 'run-1';
const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export type StepAskOptions = Partial<Omit<StepRequest<unknown>, 'name'>>;

/** What a step came to, as the code has it. */
export interface Answer {
  status: 'pending' | 'resolved' | 'rejected';
  value: unknown;
}

export class StepsBench {
  readonly codec = new Codec();
  readonly deliveries = new Deliveries();
  readonly steps: Steps;
  /** Runs that steps wait for, and those that were told to stop, with why. */
  readonly begunChildren: string[] = [];
  readonly cancelledChildren: string[] = [];
  readonly stuck: SixfoldError[] = [];
  readonly defects: unknown[] = [];
  /** What observers were told, as `type phase step`. */
  readonly told: string[] = [];
  private stopped: Error | undefined;

  constructor(
    readonly clock = new ManualClock(),
    /** What an earlier load recorded. */
    readonly records: JournalRecord[] = [],
    ports: Partial<StepsParts> = {},
  ) {
    this.steps = new Steps({
      runId: RUN,
      command: 'test',
      traceId: 'trace',
      codec: this.codec,
      clock,
      graceMs: 50,
      workspace: new Workspace(RUN, false),
      deliveries: this.deliveries,
      trace: silentTelemetry.begin({ runId: RUN, command: 'test', version: '1', resumed: false, traceparent: undefined }),
      logger: silent,
      secrets: new SecretVault([]),
      draw: () => 0,
      until: () => undefined,
      leaving: () => false,
      publish: (told) => this.told.push('phase' in told && 'step' in told ? `${told.type} ${told.phase} ${told.step}` : told.type),
      emit: () => undefined,
      defect: (error) => this.defects.push(error),
      append: (fields) => this.append(fields),
      hasChild: () => false,
      begun: () => undefined,
      childBegun: (_identity, runId) => this.begunChildren.push(runId),
      cancelChild: (runId, reason) => this.cancelledChildren.push(`${runId}: ${reason}`),
      stuck: (error) => this.stuck.push(error),
      ...ports,
    });
    for (const record of records) this.steps.recall(record);
  }

  /** The next load, with what was recorded up to a number of records. */
  reload(records = this.records.length, ports: Partial<StepsParts> = {}): StepsBench {
    return new StepsBench(this.clock, this.records.slice(0, records), ports);
  }

  ask(name: string, body: StepRequest<unknown>['body'], options: StepAskOptions = {}): Answer {
    const answer: Answer = { status: 'pending', value: undefined };
    const request = { branch: 'execution', name, effect: 'idempotent', body, ...options } satisfies StepRequest<unknown>;
    this.steps.ask(request, undefined).then(
      (value) => Object.assign(answer, { status: 'resolved', value }),
      (error: unknown) => Object.assign(answer, { status: 'rejected', value: error }),
    );
    return answer;
  }

  /** Delivers and starts what can be, until nothing more follows without the clock. */
  async drive(): Promise<void> {
    let quiet = 0;
    for (let turn = 0; quiet < 3; turn += 1) {
      if (turn > TURNS_MAX) throw new Error('the steps do not come to rest');
      await new Promise(setImmediate);
      quiet = this.move() ? 0 : quiet + 1;
    }
  }

  private move(): boolean {
    const record = this.deliveries.take();
    if (record) {
      this.steps.deliver(record);
      return true;
    }
    const fresh = this.steps.takeFresh();
    for (const ask of this.steps.prepare(fresh, this.stopped)) this.steps.start(ask);
    return fresh.length > 0;
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.drive();
  }

  /** Stops the run, as the delivery of a cancellation does. */
  async cancel(reason = 'enough'): Promise<void> {
    this.stopped ??= new CancelledError('RUN_CANCELLED', `The run was cancelled: ${reason}.`, { details: { reason } });
    this.steps.abort(this.stopped);
    await this.drive();
  }

  /** Leaves the run to the next load. */
  async handBack(): Promise<void> {
    this.steps.stop();
    this.steps.abort(handedBack(RUN));
    await this.drive();
  }

  /** Kinds and statuses of what was recorded. */
  get journal(): readonly string[] {
    return this.records.map(({ kind, status }) => (status === null ? kind : `${kind} ${status}`));
  }

  bodies<T>(kind: RecordKind): readonly T[] {
    return this.records.filter((record) => record.kind === kind).map(({ body }) => JSON.parse(body ?? 'null') as T);
  }

  private append(fields: Parameters<StepsParts['append']>[0]): JournalRecord {
    const { kind, at, label, step = null, status = null, effect = null, startedAt = null, body } = fields;
    const text = typeof body === 'function' ? body() : (body ?? null);
    const seq = this.records.length + 1;
    const record = { seq, kind, at, step, label, status, effect, startedAt, body: text, bodyDigest: null, hash: '' };
    this.records.push(record);
    return record;
  }
}

/** A body whose end is for the test to give; it heeds its signal unless it is told not to. */
export class HeldBody {
  readonly calls: { readonly attempt: number; readonly key: string; readonly deadline: number | undefined }[] = [];
  private end: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;

  constructor(private readonly heedful = true) {}

  readonly body: StepRequest<unknown>['body'] = (_input, { attempt, key, deadline, signal }) => {
    this.calls.push({ attempt, key, deadline: deadline?.getTime() });
    return new Promise((resolve, reject) => {
      this.end = { resolve, reject };
      if (this.heedful) signal.addEventListener('abort', () => reject(signal.reason));
    });
  };

  resolve(value: unknown): void {
    this.end?.resolve(value);
  }

  reject(error: unknown): void {
    this.end?.reject(error);
  }
}
