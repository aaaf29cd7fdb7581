/**
 * What a run uses of its engine besides its own code: steps, events, waits, named parts, time limits, a workspace. Each is
 * made when it is first used, since a short run uses none of most.
 *
 * Owns: which of them there are. Does not own: when anything is delivered or started; Execution decides that.
 */

import type { RunHappening } from '../../abstract/RunEvent.js';
import type { StepStatistics } from '../../abstract/RunReport.js';
import type { RunWait } from '../../abstract/RunWait.js';
import { AskedPromise } from '../../kernel/AskedPromise.js';
import type { SixfoldError } from '../../kernel/errors.js';
import type { JournalRecord, RecordKind } from '../Record.js';
import { Workspace } from '../Workspace.js';
import { Branches, tokensOf } from './Branches.js';
import type { Deliveries } from './Deliveries.js';
import type { Leftover } from './divergence.js';
import type { ExecutionParts } from './ExecutionParts.js';
import { Inbox } from './Inbox.js';
import { branchOf } from './Ordinals.js';
import type { NewRecord } from './RunLog.js';
import { Steps } from './Steps.js';
import type { Stops } from './Stops.js';
import { reopenedBody } from './superseded.js';
import { TimeLimits } from './TimeLimits.js';
import { Waits } from './Waits.js';

export interface FacilitiesPorts {
  readonly deliveries: Deliveries;
  readonly stops: Stops;
  readonly traceId: string;
  readonly replaying: boolean;
  /** The run is left to its next load. */
  readonly leaving: boolean;
  /** Tells observers, once what was recorded before is on disk. */
  publish(happening: RunHappening, at: number): void;
  /** Something went wrong that is not a step's. */
  fail(error: unknown): void;
  /** An undo cannot be done for now: the run is left as it is. */
  stuck(error: SixfoldError): void;
  /** A named part of the run, `phase.path`, has ended. */
  branchEnded(place: string): void;
}

const NOTHING_LEFT: Leftover = new Map();
const STEP_KINDS: ReadonlySet<RecordKind> = new Set(['step-intended', 'step-attempted', 'step-ended']);
const WAIT_KINDS: ReadonlySet<RecordKind> = new Set(['signal', 'signal-missed', 'timer-fired', 'gate-overridden', 'gate-stood']);

export class Facilities {
  private madeSteps: Steps | undefined;
  private madeInbox: Inbox | undefined;
  private madeWaits: Waits | undefined;
  private madeLimits: TimeLimits | undefined;
  private madeBranches: Branches | undefined;
  private madeWorkspace: Workspace | undefined;
  /** Something was asked for that can be undone. */
  undoable = false;

  constructor(
    private readonly parts: ExecutionParts,
    private readonly ports: FacilitiesPorts,
  ) {}

  get steps(): Steps {
    this.madeSteps ??= this.makeSteps();
    return this.madeSteps;
  }

  private makeSteps(): Steps {
    const { log, codec, clock, graceMs, logger, secrets, trace, host, turnToStart } = this.parts;
    return new Steps({
      deliveries: this.ports.deliveries,
      traceId: this.ports.traceId,
      publish: (happening, at) => this.ports.publish(happening, at),
      leaving: () => this.ports.leaving,
      defect: (error) => this.ports.fail(error),
      stuck: (error) => this.ports.stuck(error),
      childBegun: (step, runId) => host.childBegun(log.run.id, step, runId),
      hasChild: (command, step) => host.hasChild(log.run.id, command, step),
      cancelChild: (runId, reason) => host.cancelChild(runId, reason),
      runId: log.run.id,
      command: log.run.command,
      append: (fields) => this.append(fields),
      codec,
      clock,
      graceMs,
      workspace: this.workspace,
      logger,
      secrets,
      trace,
      draw: Math.random,
      until: () => (this.ports.stops.holding ? undefined : this.madeLimits?.next),
      begun: (identity, seq) => this.ports.stops.begun(identity, seq),
      emit: (...event) => this.inbox.emit(...event),
      ...(turnToStart ? { turnToStart } : {}),
    });
  }

  get inbox(): Inbox {
    this.madeInbox ??= new Inbox(this.parts.codec, {
      ask: <T>() => awaited<T>(),
      record: (fields) => this.record(fields),
      offer: (record) => this.ports.deliveries.add(record),
    });
    return this.madeInbox;
  }

  get waits(): Waits {
    this.madeWaits ??= new Waits({
      clock: this.parts.clock,
      promise: () => awaited(),
      record: (fields) => this.record(fields),
      offer: (record) => this.ports.deliveries.add(record),
      taken: (place, record) => {
        if (place !== undefined) this.madeBranches?.note(place, record);
      },
    });
    return this.madeWaits;
  }

  get limits(): TimeLimits {
    this.madeLimits ??= new TimeLimits(
      this.parts.clock,
      (label) => this.ports.deliveries.add(this.record({ kind: 'time-passed', label })),
      () => this.ports.replaying,
    );
    return this.madeLimits;
  }

  get branches(): Branches {
    this.madeBranches ??= new Branches({
      codec: this.parts.codec,
      promise: () => awaited(),
      record: (fields) => this.record(fields),
      offer: (record) => this.ports.deliveries.add(record),
      drop: ({ from, to, hash }) => this.parts.journal.dropRecords(this.parts.log.run, from, to, hash),
      ended: (place) => {
        this.madeSteps?.forget(place);
        this.madeWaits?.withdraw(place);
        this.ports.branchEnded(place);
      },
      failed: (place) => this.madeWaits?.withdraw(place),
    });
    return this.madeBranches;
  }

  /** Notes an ask, and counts it inside the named part that it was made in. */
  count(place: string, ask: Promise<unknown>, undoable: boolean): void {
    this.undoable ||= undoable;
    this.madeBranches?.count(place, ask, undoable);
  }

  /** The code has asked for nothing yet. */
  get unused(): boolean {
    return !this.madeSteps && !this.madeInbox && !this.madeWaits && !this.madeBranches;
  }

  /** Something is under way whose end will be recorded. */
  get active(): boolean {
    return this.madeSteps?.active === true;
  }

  /** A step stands between two attempts, or its child has not ended. */
  get resting(): boolean {
    return this.madeSteps?.resting === true;
  }

  /** Something from outside is waited for. */
  get waiting(): boolean {
    return this.madeWaits?.waiting === true;
  }

  /** Something was asked for that was not looked at yet. */
  get hasFresh(): boolean {
    return this.madeSteps?.hasFresh === true || this.madeBranches?.hasFresh === true;
  }

  /** What the run stands still for. */
  get standstill(): readonly RunWait[] {
    return [...(this.madeWaits?.list ?? []), ...(this.madeSteps?.waits() ?? [])];
  }

  /** Steps that wait for the runs that they began. */
  get children(): readonly { readonly identity: string; readonly runId: string }[] {
    return this.madeSteps?.children() ?? [];
  }

  /** When something happens in it by itself, in milliseconds since the epoch. */
  get nextDue(): number | undefined {
    const times = [this.madeWaits?.nextDue, this.madeSteps?.nextDue(), this.madeLimits?.next].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  get leftover(): Leftover {
    const steps = this.madeSteps?.leftover ?? NOTHING_LEFT;
    const branches = this.madeBranches?.leftover;
    if (!branches || branches.size === 0) return steps;
    return new Map([...steps, ...[...branches].map(([identity, record]) => [identity, [record]] as const)]);
  }

  get unsettled(): readonly string[] {
    return this.madeSteps?.unsettled ?? [];
  }

  /** Signals that came and that nobody waited for. */
  get untakenSignals(): readonly JournalRecord[] {
    return this.madeWaits?.untakenSignals ?? [];
  }

  unread(): readonly string[] {
    return this.madeSteps?.unread() ?? [];
  }

  statistics(): readonly StepStatistics[] {
    return this.madeSteps?.statistics() ?? [];
  }

  settled(): Promise<void> {
    return this.madeSteps?.settled() ?? Promise.resolve();
  }

  /** Identities of the steps whose failure an error is or comes from. */
  identitiesOf(error: unknown): readonly string[] {
    return this.madeSteps?.identitiesOf(error) ?? [];
  }

  /** Takes in what an earlier load recorded. */
  recall(record: JournalRecord): void {
    if (STEP_KINDS.has(record.kind)) {
      this.steps.recall(record);
      this.recallInside(branchOf(record.step ?? ''), record);
    } else if (WAIT_KINDS.has(record.kind)) this.waits.take(record);
    else if (record.kind === 'branch-ended') {
      this.branches.recall(record);
      for (const token of tokensOf(record)) this.waits.know('signal', token);
      this.recallInside(parentPlace(record.step ?? ''), record);
    } else if (record.kind === 'cancel-requested') this.ports.deliveries.add(record);
    else if (record.kind === 'time-passed') {
      this.limits.recall(record.label);
      this.ports.deliveries.add(record);
    } else if (record.kind === 'reopened') this.supersede(record);
    else if (record.kind === 'event' || record.kind === 'events-closed') this.inbox.recall(record);
  }

  private recallInside(place: string, record: JournalRecord): void {
    if (place.includes('.')) this.branches.recallInside(place, record);
  }

  private supersede(record: JournalRecord): void {
    const { superseded, gates = [], settled, noted } = reopenedBody(record);
    if (settled !== undefined) this.steps.forgetDoubt(settled);
    if (noted !== undefined) this.steps.settle(noted);
    for (const identity of superseded) this.steps.supersede(identity);
    for (const gate of gates) this.waits.reask('gate', gate);
  }

  /** Hands a record to the code that asked for it. */
  deliver(record: JournalRecord): void {
    if (record.kind === 'step-ended') this.steps.deliver(record);
    else if (WAIT_KINDS.has(record.kind)) this.waits.deliver(record);
    else if (record.kind === 'branch-ended') this.branches.deliver(record);
    else this.inbox.deliver(record);
  }

  /** All that was recorded is delivered: wishes, outcomes of parts and the end of waiting can be recorded. */
  reachFrontier(): void {
    this.madeLimits?.reachFrontier();
    this.madeInbox?.reachFrontier();
    this.madeWaits?.reachFrontier();
    this.madeBranches?.reachFrontier();
  }

  /** Stops what is under way, and answers who waits. */
  abort(reason: unknown): void {
    this.madeSteps?.abort(reason);
    this.madeWaits?.abort(reason);
  }

  /** Ends the timers, and all attempts for the reason that `reason` gives. Undefined when nothing has to be waited for. */
  stop(reason: () => unknown): Promise<void> | undefined {
    this.madeLimits?.stop();
    this.madeWaits?.stop();
    this.madeSteps?.stop();
    if (!this.madeSteps?.active) return undefined;
    this.madeSteps.abort(reason());
    return this.madeSteps.idle();
  }

  /** Undefined when there is nothing to remove. */
  removeWorkspace(): Promise<void> | undefined {
    return this.madeWorkspace || this.parts.log.earlier.length > 0 ? this.workspace.remove() : undefined;
  }

  private get workspace(): Workspace {
    this.madeWorkspace ??= new Workspace(this.parts.log.run.id, this.parts.log.earlier.length > 0);
    return this.madeWorkspace;
  }

  private append(fields: NewRecord): JournalRecord {
    const record = this.parts.log.append(fields);
    if (this.madeBranches && record.step !== null) this.madeBranches.note(branchOf(record.step), record);
    return record;
  }

  private record(fields: Omit<NewRecord, 'at'>): JournalRecord {
    return this.parts.log.append({ ...fields, at: this.parts.clock.now() });
  }
}

/** Of a part: the place that it is in. */
function parentPlace(identity: string): string {
  return identity.slice(0, identity.lastIndexOf('.'));
}

function awaited<T>(): { promise: Promise<T>; resolve(value: T): void; reject(reason: unknown): void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new AskedPromise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  }).handled();
  return { promise, resolve, reject };
}
