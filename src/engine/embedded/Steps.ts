/**
 * The steps of one run on one load: asks, attempts and recorded outcomes.
 *
 * Owns: which ask is pending, fresh or under way, and its identity. Does not own: when anything is delivered or started;
 * Execution decides that. Invariants: an ask with a recorded outcome is never executed; an outcome is recorded once.
 */
import type { StepRequest } from '../../abstract/DurableRun.js';
import type { RunHappening } from '../../abstract/RunEvent.js';
import type { StepStatistics } from '../../abstract/RunReport.js';
import type { RunTrace } from '../../abstract/Telemetry.js';
import { AskedPromise, UnreadAsks } from '../../kernel/AskedPromise.js';
import type { Clock } from '../../kernel/Clock.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import { digest } from '../../kernel/digest.js';
import { messageOf } from '../../kernel/errors.js';
import type { Logger } from '../../kernel/Logger.js';
import type { SecretVault } from '../../kernel/SecretVault.js';
import type { JournalRecord } from '../Record.js';
import type { Workspace } from '../Workspace.js';
import { AttemptVoice } from './AttemptVoice.js';
import { type Attempted, attemptStep, outcomeUnknown } from './attempt.js';
import type { Deliveries } from './Deliveries.js';
import type { Leftover } from './divergence.js';
import { branchOf, Ordinals } from './Ordinals.js';
import type { RunLog } from './RunLog.js';
import { StepTally } from './StepTally.js';

interface Ask {
  readonly identity: string;
  readonly request: StepRequest<unknown>;
  readonly inputText: string;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Recorded {
  readonly status: Outcome['status'];
  readonly body: string;
  /** Why it did not succeed. */
  readonly reason?: string | undefined;
}

type Outcome = Exclude<Attempted, { status: 'handed-back' }>;

export interface StepsParts {
  readonly runId: string;
  readonly log: RunLog;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly graceMs: number;
  readonly workspace: Workspace;
  readonly deliveries: Deliveries;
  readonly trace: RunTrace;
  readonly traceId: string;
  readonly logger: Logger;
  readonly secrets: SecretVault;
  /** When the run is stopped, in milliseconds since the epoch. */
  readonly until: () => number | undefined;
  /** Tells observers, once what was recorded before is on disk. */
  readonly publish: (happening: RunHappening, at: number) => void;
  readonly emit: (id: string, type: string, source: string, data: object) => void;
  /** Something went wrong that is not the step's. */
  readonly defect: (error: unknown) => void;
}

export class Steps {
  private readonly ordinals = new Ordinals();
  private readonly pending = new Map<string, Ask>();
  private fresh: Ask[] = [];
  private readonly underWay = new Map<string, { readonly controller: AbortController; readonly done: Promise<void> }>();
  private readonly outcomes = new Map<string, JournalRecord[]>();
  /** Names of `once` steps that were begun and have no outcome, by identity. */
  private readonly intended = new Map<string, string>();
  /** Names of `once` steps whose last outcome is unknown, by identity. */
  private readonly lost = new Map<string, string>();
  private readonly asks = new UnreadAsks();
  private readonly tally = new StepTally();

  constructor(private readonly parts: StepsParts) {}

  get active(): boolean {
    return this.underWay.size > 0;
  }

  get leftover(): Leftover {
    return this.outcomes;
  }

  /** Steps that may or may not have had their effect, by name. */
  get unsettled(): readonly string[] {
    return [...this.lost.values(), ...this.intended.values()];
  }

  /** Names of the asks whose promise nobody looked at. */
  unread(): readonly string[] {
    return this.asks.list;
  }

  statistics(): readonly StepStatistics[] {
    return this.tally.list;
  }

  /** Takes an ask in; `refused` rejects it unrecorded. */
  ask<T>(request: StepRequest<T>, refused: Error | undefined): Promise<T> {
    let resolve: (value: T) => void = () => undefined;
    let reject: (error: unknown) => void = () => undefined;
    const promise = new AskedPromise<T>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    }).handled();
    void this.asks.note(request.name, promise);
    try {
      if (refused) throw refused;
      const inputText = this.parts.codec.exactText(request.input, `the input of ${request.name}`, request.inputClass);
      const identity = this.ordinals.take(request.branch, request.name, digest(inputText), request.key);
      this.admit({ identity, request, inputText, resolve: resolve as Ask['resolve'], reject });
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  private admit(ask: Ask): void {
    this.pending.set(ask.identity, ask);
    const recorded = this.outcomes.get(ask.identity)?.[0];
    if (recorded) this.parts.deliveries.add(recorded);
    else this.fresh.push(ask);
  }

  /** Takes in what an earlier load recorded. */
  recall(record: JournalRecord): void {
    const step = record.step ?? '';
    if (record.kind === 'step-intended') {
      this.intended.set(step, record.label);
      return;
    }
    this.keep(step, record);
    const error = record.status === 'succeeded' ? undefined : messageOf(this.parts.codec.decode(record.body ?? 'null'));
    this.announce('step-replayed', record, error);
  }

  /** Hands the outcome to the code that asked for it. */
  deliver(record: JournalRecord): void {
    const identity = record.step ?? '';
    const ask = this.pending.get(identity);
    if (!ask) return;
    this.pending.delete(identity);
    const rest = this.outcomes.get(identity)?.slice(1) ?? [];
    if (rest.length > 0) this.outcomes.set(identity, rest);
    else this.outcomes.delete(identity);
    if (record.status === 'unknown') this.ordinals.release(identity);
    const succeeded = record.status === 'succeeded';
    const value = this.parts.codec.decode(record.body ?? 'null', succeeded ? ask.request.outputClass : undefined);
    if (succeeded) ask.resolve(value);
    else ask.reject(value);
  }

  /** The asks that are neither recorded nor under way; after this they are the caller's to start. */
  takeFresh(): readonly Ask[] {
    return this.fresh.splice(0);
  }

  get hasFresh(): boolean {
    return this.fresh.length > 0;
  }

  /** Records an outcome for asks that must not be started, and the intent of those that must be known to have begun. */
  prepare(asks: readonly Ask[], cancelled: Error | undefined): readonly Ask[] {
    const now = this.parts.clock.now();
    return asks.filter((ask) => {
      const { identity, request } = ask;
      const why = this.whyNotAgain(identity);
      if (why !== undefined) {
        this.record(ask, { status: 'unknown', error: outcomeUnknown(request.name, why) }, now);
        return false;
      }
      if (cancelled) {
        this.record(ask, { status: 'cancelled', error: cancelled }, now);
        return false;
      }
      if (request.effect === 'once') {
        this.intended.set(identity, request.name);
        this.parts.log.append({ kind: 'step-intended', at: now, step: identity, label: request.name, effect: 'once' });
      }
      return true;
    });
  }

  /** Why a `once` step must not be started, or undefined when it may (R5). */
  private whyNotAgain(identity: string): string | undefined {
    if (this.intended.has(identity)) return 'the process ended while it was under way';
    return this.lost.has(identity) ? 'its outcome was lost, and nobody said since what became of it' : undefined;
  }

  /** Records that an ask was not begun after all. */
  withdraw(ask: Ask, error: Error): void {
    this.record(ask, { status: 'cancelled', error }, this.parts.clock.now());
  }

  /** Leaves an ask to the next load: the run may not end without it. */
  putBack(ask: Ask): void {
    this.fresh.push(ask);
  }

  start(ask: Ask): void {
    const controller = new AbortController();
    this.underWay.set(ask.identity, { controller, done: this.attempt(ask, controller).catch(this.parts.defect) });
  }

  /** Aborts every attempt under way. */
  abort(reason: unknown): void {
    for (const { controller } of this.underWay.values()) controller.abort(reason);
  }

  /** Resolves when no attempt is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.underWay.values()].map(({ done }) => done));
  }

  private async attempt(ask: Ask, controller: AbortController): Promise<void> {
    const { clock, codec, graceMs, publish, trace: runTrace, until } = this.parts;
    const { identity, request } = ask;
    const startedAt = clock.now();
    publish({ type: 'step-started', phase: request.branch, id: identity, step: request.name }, startedAt);
    const stepTrace = runTrace.step(request.name, request.effect);
    const trace = stepTrace.attempt(1);
    const voice = new AttemptVoice(
      { ...this.parts, command: this.parts.log.run.command },
      {
        identity,
        step: request.name,
        phase: request.branch,
        progressed: (done, total) =>
          publish({ type: 'step-progress', phase: request.branch, id: identity, step: request.name, done, total }, clock.now()),
      },
    );
    const input = codec.decode(ask.inputText, request.inputClass);
    const attempted = await attemptStep(request, input, voice, controller, { clock, graceMs, runUntil: until(), trace });
    voice.silence();
    this.underWay.delete(identity);
    const { status, reason } =
      attempted.status === 'handed-back' ? { status: 'handed-back', reason: undefined } : this.record(ask, attempted, startedAt);
    trace.end(status, reason);
    stepTrace.end(status, reason);
    if (attempted.status === 'handed-back' && attempted.error) this.parts.defect(attempted.error); // The run is left like its child.
    this.parts.deliveries.nudge();
  }

  private record({ identity, request }: Ask, outcome: Outcome, startedAt: number): Recorded {
    const { log, clock, deliveries } = this.parts;
    const recorded = this.textOf(request, outcome);
    const { status, body, reason } = recorded;
    const { name: label, effect } = request;
    const record = log.append({ kind: 'step-ended', at: clock.now(), step: identity, label, status, effect, startedAt, body });
    this.keep(identity, record);
    deliveries.add(record);
    this.announce('step-ended', record, reason);
    return recorded;
  }

  private announce(type: 'step-ended' | 'step-replayed', record: JournalRecord, reason: string | undefined): void {
    const id = record.step ?? '';
    const phase = branchOf(id);
    const durationMs = record.at - (record.startedAt ?? record.at);
    this.tally.add({ phase, name: record.label, durationMs, error: reason });
    const why = reason === undefined ? {} : { reason };
    this.parts.publish({ type, phase, id, step: record.label, status: record.status ?? '', durationMs, ...why }, record.at);
  }

  private keep(identity: string, record: JournalRecord): void {
    this.intended.delete(identity);
    this.outcomes.set(identity, [...(this.outcomes.get(identity) ?? []), record]);
    if (record.status === 'unknown' && record.effect === 'once') this.lost.set(identity, record.label);
    else this.lost.delete(identity);
  }

  /** What the journal keeps of an outcome; a value that it cannot carry makes the step fail. */
  private textOf(request: StepRequest<unknown>, outcome: Outcome): Recorded {
    const { codec, secrets } = this.parts;
    const reasonOf = (error: unknown): string => secrets.redact(messageOf(error));
    if (outcome.status !== 'succeeded') {
      return { status: outcome.status, body: codec.encodeError(outcome.error), reason: reasonOf(outcome.error) };
    }
    try {
      return { status: 'succeeded', body: codec.encode(outcome.value, `the outcome of ${request.name}`, request.outputClass) };
    } catch (error) {
      return { status: 'failed', body: codec.encodeError(error), reason: reasonOf(error) };
    }
  }
}
