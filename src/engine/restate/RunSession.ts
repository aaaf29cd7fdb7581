/**
 * A run in this process: drives its code, and keeps it over the invocations that Restate connects to it one after the other.
 *
 * Owns: the load of the run, mail that was handed to it. Does not own: the invocation. Invariants: of one run there is one load in a process;
 * nothing begins while no invocation is connected; an invocation whose journal is not the one that this load recorded gets a new load; what an
 * invocation says that another has followed means nothing, since its connection may be late with what it brings.
 */

import type { Clock } from '../../kernel/Clock.js';
import { messageOf, TransientError } from '../../kernel/errors.js';
import type { EndedRun, EngineSetup, RunOrigin } from '../Engine.js';
import { RunWatch } from '../RunWatch.js';
import type { ChildOutcome } from '../run/ChildOutcome.js';
import { Execution, type LoadEnd } from '../run/Execution.js';
import type { Legacy, RunHost } from '../run/ExecutionParts.js';
import type { RunRow } from '../run/RunJournal.js';
import { RunLog } from '../run/RunLog.js';
import type { TurnsToStart } from '../run/TurnsToStart.js';
import { largestIn } from './batchText.js';
import type { Batch, RunInput } from './RunMessages.js';
import { type NumberedMail, type RunRecords, rowOf } from './RunRecords.js';
import { SessionJournal } from './SessionJournal.js';

export interface SessionParts {
  readonly setup: EngineSetup;
  readonly clock: Clock;
  readonly graceMs: number;
  /** Of a run of which nothing has been under way for so long the code is dropped until something comes. */
  readonly unloadAfterMs: number;
  readonly turns: TurnsToStart;
  /** Nothing is loaded any more. */
  readonly closing: AbortSignal;
  /** What the run that goes on with one is begun with. */
  readonly successorOf: (run: RunInput, origin: RunOrigin, legacy: Legacy) => RunInput;
  readonly cancelChild: (runId: string, reason: string) => void;
  /** The end of a run that a step waits for, if it has ended. */
  readonly endOfChild: (runId: string) => Promise<ChildOutcome | undefined>;
  /** A load of the run begins; what happens in it is told there. */
  readonly begun: (runId: string, watch: RunWatch) => void;
  /** Nothing of the run is in this process any more. */
  readonly over: (session: RunSession) => void;
}

interface Load {
  readonly execution: Execution;
  readonly watch: RunWatch;
  readonly driven: Promise<LoadEnd>;
}

export class RunSession implements RunHost {
  private readonly run: RunRow;
  private journal: SessionJournal;
  private load: Load | undefined;
  /** What the present load was recorded with, up to the last batch that was acknowledged. */
  private records: RunRecords;
  /** Of children, by the step that waits; with the mail that said so. */
  private readonly outcomes = new Map<string, { readonly outcome: ChildOutcome; readonly mail?: string }>();
  private readonly handed = new Set<string>();
  private stopTimer: (() => void) | undefined;
  /** The last load has nothing more to do, or was given up; the next one begins when it is over. */
  private leaving: Promise<unknown> | undefined;

  constructor(
    private readonly input: RunInput,
    private readonly parts: SessionParts,
    records: RunRecords,
  ) {
    this.run = rowOf(input);
    this.records = records;
    this.journal = this.newJournal();
  }

  private newJournal(): SessionJournal {
    const seen = () => this.records.mail.filter(({ id, mail }) => mail.kind === 'child-ended' && this.handed.has(id));
    return new SessionJournal(() => ({ at: this.parts.clock.now(), seen: seen().map(({ id }) => id) }));
  }

  get id(): string {
    return this.run.id;
  }

  get origin(): RunOrigin {
    return this.input.origin;
  }

  /** How often the run was gone on with after its end. */
  get turn(): number {
    return this.input.turn ?? 0;
  }

  get place(): RunRow['place'] {
    return this.run.place;
  }

  get loaded(): boolean {
    return this.load !== undefined;
  }

  /** The run has more to record than its end. */
  get goesOn(): boolean {
    return this.journal.goesOn || this.load?.execution.facilities.active === true;
  }

  /**
   * An invocation has come to what no entry of its journal answers. A load that recorded the very same goes on; any other is given up.
   *
   * @param records what the journal of the invocation has
   */
  connect(records: RunRecords): void {
    const { onItsWay } = this.journal;
    const { batches, head } = this.records;
    const isRecorded = onItsWay && records.batches === batches + 1 && records.head === (onItsWay.records.at(-1)?.hash ?? head);
    const isSame = records === this.records || (records.batches === batches && records.head === head);
    if (this.load && !isSame && !isRecorded) void this.giveUp('another process has gone on with it');
    this.records = records;
    if (!this.load) {
      this.journal = this.newJournal();
      return;
    }
    this.journal.attach();
    if (onItsWay && isRecorded) this.recorded(onItsWay, records);
    this.handOut();
  }

  /**
   * The next batch to be recorded; loads the run if it is not loaded. None ever comes for an invocation that another has followed.
   *
   * @param records those of the invocation that asks, as it gave them to `connect`
   */
  async next(records: RunRecords): Promise<Batch> {
    await this.leaving;
    if (records !== this.records) return new Promise(() => undefined);
    if (!this.load) {
      if (this.parts.closing.aborted) return new Promise(() => undefined); // The invocation is cut off soon.
      try {
        this.begin();
      } catch (error) {
        return this.stopped(messageOf(error));
      }
    }
    return this.journal.next();
  }

  /** Restate cannot take this batch: the run is left for somebody to look at, as it was before. */
  refuse(batch: Batch, of: RunRecords): Batch {
    const { what, length } = largestIn(batch);
    const why =
      `${what} has ${length} characters, and an entry of Restate takes 10 million. ` +
      'Keep large values elsewhere, and return where they are.';
    if (of === this.records) void this.giveUp(why);
    return this.stopped(why);
  }

  private stopped(why: string): Batch {
    const rest = { standing: 'stopped', due: null, waits: [{ what: 'person', name: why }] } as const;
    return { records: [], rest: { ...rest, at: this.parts.clock.now(), seen: this.records.mail.map(({ id }) => id) } };
  }

  /** The batch that `next` gave is recorded. @param records as those of `next` */
  recorded({ rest, ended }: Batch, records: RunRecords): void {
    if (records !== this.records) return;
    if ((rest || ended) && this.load) this.leave(this.load);
    this.journal.acknowledge();
  }

  /** Something came for the run, which `records` has taken in. */
  mailCame(): void {
    if (this.load) this.handOut();
  }

  /** No invocation is connected any more. */
  disconnect(): void {
    this.journal.detach();
    if (!this.load && !this.leaving) this.parts.over(this);
  }

  /** Nothing that this load does counts any more. Resolves when nothing of it is under way. */
  async giveUp(why: string): Promise<void> {
    const { load } = this;
    const lost = new TransientError('LEASE_LOST', `Run ${this.id} is not done here any more: ${why}.`, { details: { run: this.id } });
    this.journal.lose(lost);
    this.journal = this.newJournal();
    this.load = undefined;
    load?.execution.abandon(lost);
    if (load) this.leave(load);
    await this.leaving;
  }

  private leave({ driven }: Load): void {
    const left = Promise.all([driven, this.leaving]).then(() => {
      if (this.leaving === left) this.leaving = undefined;
    });
    this.leaving = left;
  }

  /** Starts nothing more, and leaves the run to be gone on with. */
  handBack(drainMs: number): Promise<unknown> {
    this.load?.execution.handBack(drainMs);
    return this.load?.driven ?? this.leaving ?? Promise.resolve();
  }

  private begin(): void {
    const { setup, clock, graceMs, turns } = this.parts;
    const { run, input, records } = this;
    const { list } = records;
    const isNew = list.length === 0;
    const draft = isNew ? input.origin : RunLog.of(this.journal, run, { records: list, bridges: records.bridges }).origin;
    const program = setup.load(run, draft);
    const { id: runId, command, version } = run;
    const trace = setup.telemetry.begin({ runId, command, version, resumed: !isNew, traceparent: draft.traceparent });
    const origin = isNew && trace.traceparent !== undefined ? { ...draft, traceparent: trace.traceparent } : draft;
    const log = isNew ? RunLog.begin(this.journal, run, origin) : RunLog.of(this.journal, run, { records: list, bridges: records.bridges });
    if (!isNew) log.append({ kind: 'resumed', at: clock.now(), label: `worker ${process.pid}` });
    const watch = new RunWatch(isNew ? 0 : log.loads, (happening, at) => program.progress(happening, at));
    const { codec, logger, secrets } = setup;
    const execution = new Execution({
      journal: this.journal,
      log,
      origin,
      program,
      codec,
      logger,
      secrets,
      trace,
      clock,
      watch,
      graceMs,
      host: this,
      turnToStart: isNew ? undefined : () => turns.take(),
    });
    this.handed.clear();
    const driven = execution.drive(() => this.stopTimer?.());
    const load = { execution, watch, driven };
    this.load = load;
    void driven.then(() => {
      if (this.load === load) this.load = undefined;
    });
    this.parts.begun(runId, watch);
    this.handOut(); // Before its code has gone on: what came before counts as having come before.
  }

  private handOut(): void {
    for (const one of this.records.mail) {
      if (!this.load?.execution.open) return; // The next load gets it.
      if (this.handed.has(one.id)) continue;
      this.handed.add(one.id);
      this.handOver(this.load.execution, one);
    }
    this.journal.committed().catch(() => undefined); // Whoever drives the run meets the same.
  }

  private handOver({ arrivals }: Execution, { id, mail }: NumberedMail): void {
    if (mail.kind === 'child-ended') {
      this.outcomes.set(mail.step, { outcome: mail.outcome, mail: id });
      this.tellOfChild(mail.step);
      return;
    }
    this.journal.mailTaken(id);
    if (mail.kind === 'signal') arrivals.signal(mail);
    else if (mail.kind === 'cancel') arrivals.cancel(mail.reason);
    else if (mail.kind === 'override') arrivals.override(mail.gate, mail);
  }

  private tellOfChild(step: string): void {
    const known = this.outcomes.get(step);
    const { arrivals, open } = this.load?.execution ?? {};
    if (!known || !open || !arrivals?.awaitsChild(step)) return;
    if (known.mail !== undefined) this.journal.mailTaken(known.mail);
    arrivals.childEnded(step, known.outcome);
  }

  /** A step is about to begin the run of a child: resolves when that is recorded. */
  async childBegins(step: string): Promise<void> {
    if (this.records.children.has(step)) return;
    this.records.children.add(step);
    this.journal.childBegins(step);
    await this.journal.committed();
  }

  resting(): void {
    this.stopTimer?.();
    const { load } = this;
    const { clock, unloadAfterMs } = this.parts;
    if (!load) return;
    const { nextDue } = load.execution.facilities;
    if (nextDue !== undefined && nextDue - clock.now() <= unloadAfterMs) return;
    this.stopTimer = clock.after(unloadAfterMs, () => load.execution.wantAside());
  }

  childBegun(_runId: string, step: string, childId: string): void {
    if (this.outcomes.has(step)) {
      this.tellOfChild(step);
      return;
    }
    this.parts.endOfChild(childId).then(
      (outcome) => {
        if (!outcome) return;
        this.outcomes.set(step, { outcome });
        this.tellOfChild(step);
      },
      (error: unknown) =>
        this.parts.setup.logger.warn(`Whether run ${childId} has ended is not known: ${messageOf(error)}`, { run: this.id }),
    );
  }

  hasChild(_runId: string, _command: string, step: string): boolean {
    return this.records.children.has(step);
  }

  cancelChild(childId: string, reason: string): void {
    this.parts.cancelChild(childId, reason);
  }

  ended(_run: RunRow, _origin: RunOrigin, _ended: EndedRun): void {
    // Who waits is told by the invocation, once the end is recorded.
  }

  succeed(_run: RunRow, origin: RunOrigin, legacy: Legacy): string {
    const successor = this.parts.successorOf(this.input, origin, legacy);
    this.journal.succeed(successor);
    return successor.run;
  }
}
