/**
 * What a run uses of its engine besides its own code: steps, events, decisions, time limits, a workspace. Each is made
 * when it is first used, since a short run uses none of most.
 *
 * Owns: which of them there are. Does not own: when anything is delivered or started; Execution decides that.
 */

import type { RunHappening } from '../../abstract/RunEvent.js';
import type { StepStatistics } from '../../abstract/RunReport.js';
import { AskedPromise } from '../../kernel/AskedPromise.js';
import type { JournalRecord } from '../Record.js';
import { Workspace } from '../Workspace.js';
import type { Deliveries } from './Deliveries.js';
import type { Leftover } from './divergence.js';
import type { ExecutionParts } from './ExecutionParts.js';
import { Inbox } from './Inbox.js';
import { Overrides } from './Overrides.js';
import type { NewRecord } from './RunLog.js';
import { Steps } from './Steps.js';
import { TimeLimits } from './TimeLimits.js';

export interface FacilitiesPorts {
  readonly deliveries: Deliveries;
  readonly traceId: string;
  /** Tells observers, once what was recorded before is on disk. */
  publish(happening: RunHappening, at: number): void;
  /** Something went wrong that is not a step's. */
  fail(error: unknown): void;
}

const NOTHING_LEFT: Leftover = new Map();

export class Facilities {
  private madeSteps: Steps | undefined;
  private madeInbox: Inbox | undefined;
  private madeOverrides: Overrides | undefined;
  private madeLimits: TimeLimits | undefined;
  private readonly workspace: Workspace;

  constructor(
    private readonly parts: ExecutionParts,
    private readonly ports: FacilitiesPorts,
  ) {
    this.workspace = new Workspace(parts.log.run.id, parts.log.earlier.length > 0);
  }

  get steps(): Steps {
    const { log, codec, clock, graceMs, logger, secrets, trace } = this.parts;
    this.madeSteps ??= new Steps({
      deliveries: this.ports.deliveries,
      traceId: this.ports.traceId,
      publish: (happening, at) => this.ports.publish(happening, at),
      defect: (error) => this.ports.fail(error),
      runId: log.run.id,
      log,
      codec,
      clock,
      graceMs,
      workspace: this.workspace,
      logger,
      secrets,
      trace,
      until: () => this.madeLimits?.next,
      emit: (...event) => this.inbox.emit(...event),
    });
    return this.madeSteps;
  }

  get inbox(): Inbox {
    this.madeInbox ??= new Inbox(this.parts.codec, {
      ask: <T>() => awaited<T>(),
      record: (fields) => this.record(fields),
      offer: (record) => this.ports.deliveries.add(record),
    });
    return this.madeInbox;
  }

  get overrides(): Overrides {
    this.madeOverrides ??= new Overrides({
      clock: this.parts.clock,
      promise: () => awaited(),
      record: (fields) => this.record(fields),
      offer: (record) => this.ports.deliveries.add(record),
    });
    return this.madeOverrides;
  }

  get limits(): TimeLimits {
    this.madeLimits ??= new TimeLimits(this.parts.clock, (label) => {
      this.ports.deliveries.add(this.record({ kind: 'time-passed', label }));
    });
    return this.madeLimits;
  }

  /** The code has asked for nothing yet. */
  get unused(): boolean {
    return !this.madeSteps && !this.madeInbox && !this.madeOverrides;
  }

  /** Something is under way whose end will be recorded. */
  get active(): boolean {
    return this.madeSteps?.active === true;
  }

  /** A person may still decide something. */
  get waiting(): boolean {
    return this.madeOverrides?.waiting === true;
  }

  /** Something was asked for that was not looked at yet. */
  get hasFresh(): boolean {
    return this.madeSteps?.hasFresh === true;
  }

  get leftover(): Leftover {
    return this.madeSteps?.leftover ?? NOTHING_LEFT;
  }

  get unsettled(): readonly string[] {
    return this.madeSteps?.unsettled ?? [];
  }

  unread(): readonly string[] {
    return this.madeSteps?.unread() ?? [];
  }

  statistics(): readonly StepStatistics[] {
    return this.madeSteps?.statistics() ?? [];
  }

  /** Takes in what an earlier load recorded. */
  recall(record: JournalRecord): void {
    if (record.kind === 'step-ended' || record.kind === 'step-intended') this.steps.recall(record);
    else if (record.kind === 'cancel-requested') this.ports.deliveries.add(record);
    else if (record.kind === 'time-passed') {
      this.limits.recall(record.label);
      this.ports.deliveries.add(record);
    } else if (record.kind === 'gate-overridden' || record.kind === 'gate-stood') this.overrides.take(record);
    else this.inbox.recall(record);
  }

  /** Hands a record to the code that asked for it. */
  deliver(record: JournalRecord): void {
    if (record.kind === 'step-ended') this.steps.deliver(record);
    else if (record.kind === 'gate-overridden' || record.kind === 'gate-stood') this.overrides.deliver(record);
    else this.inbox.deliver(record);
  }

  /** All that was recorded is delivered: wishes and the end of waiting can be recorded. */
  reachFrontier(): void {
    this.madeInbox?.reachFrontier();
    this.madeOverrides?.reachFrontier();
  }

  /** Stops what is under way, and answers who waits. */
  abort(reason: unknown): void {
    this.madeSteps?.abort(reason);
    this.madeOverrides?.abort(reason);
  }

  /** Ends the timers, and all attempts for the reason that `reason` gives. Undefined when nothing has to be waited for. */
  stop(reason: () => unknown): Promise<void> | undefined {
    this.madeLimits?.stop();
    this.madeOverrides?.stop();
    if (!this.madeSteps?.active) return undefined;
    this.madeSteps.abort(reason());
    return this.madeSteps.idle();
  }

  /** Undefined when there is nothing to remove. */
  removeWorkspace(): Promise<void> | undefined {
    return this.workspace.remove();
  }

  private record(fields: Omit<NewRecord, 'at'>): JournalRecord {
    return this.parts.log.append({ ...fields, at: this.parts.clock.now() });
  }
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
