/**
 * Finds what is to be done for runs that are not under way: mail, times that have come, runs that lost their process, queues.
 *
 * Owns: the timer of the next due run, that one look at the journal follows another. Does not own: the runs, the mail.
 * Invariant: it looks at what the journal holds, never at what it was told, so that nothing is missed between two looks.
 */
import type { GateOverride } from '../../abstract/Timeline.js';
import type { Clock } from '../../kernel/Clock.js';
import { messageOf } from '../../kernel/errors.js';
import type { Logger } from '../../kernel/Logger.js';
import type { QueueLimits } from '../Engine.js';
import { isHandBack } from '../handBack.js';
import type { RunRow } from '../run/RunJournal.js';
import type { Catalogue } from './Catalogue.js';
import type { Follows } from './Follows.js';
import type { Journal, Mail, Wanted } from './Journal.js';
import { isTakenOver, type LoadedRun } from './LoadedRun.js';
import type { Loads } from './Loads.js';

export interface WakeupsParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly loads: Loads;
  readonly follows: Follows;
  readonly catalogue: Catalogue;
}

/** So many runs are taken in one transaction. */
const CLAIMED_MAX = 256;
/** A failed look is followed by another after so long. */
const RETRY_MS = 1000;

export class Wakeups {
  private adopting = false;
  private stopped = false;
  private readonly queues = new Map<string, QueueLimits>();
  private looking: Promise<void> | undefined;
  private again = false;
  private stopTimer: (() => void) | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private nextAdmission: number | undefined;
  /** A followed run may have ended, or stopped, without this process having driven it. */
  private followedChanged = false;

  constructor(private readonly parts: WakeupsParts) {}

  /** Runs that are waited with may be unloaded: they are found again. */
  get isAdopting(): boolean {
    return this.adopting;
  }

  knowQueue(limits: QueueLimits): void {
    if (!this.queues.has(limits.name)) this.queues.set(limits.name, limits);
  }

  /** Takes up everything that nobody has, and from now on what becomes due, gets mail, or loses its process. */
  async adopt(): Promise<void> {
    this.adopting = true;
    await this.takeUp({ abandoned: true, stopped: true });
    for (const { command, runs } of this.parts.journal.unknownCommands()) {
      this.parts.logger.warn(
        `${runs} open ${runs === 1 ? 'run' : 'runs'} of ${command} cannot be gone on with here: this application has no such command.`,
      );
    }
    this.look();
    await this.looking;
  }

  /** Looks soon; any number of calls before that is one look. */
  look = (): void => {
    if (this.stopped) return;
    if (this.looking) {
      this.again = true;
      return;
    }
    this.looking = this.lookUntilQuiet().finally(() => {
      this.looking = undefined;
      if (this.again) this.look();
    });
  };

  /** As `look`, and at the runs whose end somebody waits for: there may be many, so not each time. */
  lookAtFollowed = (): void => {
    this.followedChanged = true;
    this.look();
  };

  async stop(): Promise<void> {
    this.stopped = true;
    this.stopTimer?.();
    await this.looking;
  }

  private async lookUntilQuiet(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    do {
      this.again = false;
      try {
        await this.lookOnce();
      } catch (error) {
        if (this.stopped) return;
        this.parts.logger.warn(`The journal could not be looked through for what is due: ${messageOf(error)}. Trying again.`);
        this.armAt(this.parts.clock.now() + RETRY_MS);
        return;
      }
    } while (this.again && !this.stopped);
    this.arm();
  }

  private async lookOnce(): Promise<void> {
    const { journal, clock } = this.parts;
    if (this.stopped) return;
    if (this.adopting) {
      const due = journal.nextDue();
      if (due !== undefined && due <= clock.now()) await this.takeUp({ dueBy: clock.now() });
      await this.takeUp({ mailed: true });
      await this.takeUp({ abandoned: true, stopped: false });
    }
    await this.admitQueued();
    this.handOutMail();
    if (this.followedChanged) this.lookAfterFollowed();
  }

  private async takeUp(wanted: Wanted): Promise<void> {
    const { journal } = this.parts;
    for (let taken = CLAIMED_MAX; taken === CLAIMED_MAX && !this.stopped; ) {
      const runs = await journal.claim(wanted, CLAIMED_MAX);
      taken = runs.length;
      for (const run of runs) this.load(run);
    }
  }

  /** A run that cannot be gone on with does not keep the others from it. */
  private load(run: RunRow): void {
    const { loads, logger, follows } = this.parts;
    try {
      const loaded = loads.load(run);
      void loaded.driven.then((end) => {
        if (end.at !== 'left' || isHandBack(end.why) || isTakenOver(end.why)) return;
        logger.warn(`Run ${run.id} was left: ${messageOf(end.why)}`, { run: run.id });
      });
    } catch (error) {
      logger.warn(`Run ${run.id} was not resumed: ${messageOf(error)}`, { run: run.id });
      follows.failed(run.id, error);
    }
  }

  private async admitQueued(): Promise<void> {
    this.nextAdmission = undefined;
    for (const limits of this.queues.values()) {
      const { admitted, nextAt } = await this.parts.journal.admit(limits, this.parts.clock.now(), CLAIMED_MAX);
      for (const run of admitted) this.load(run);
      if (admitted.length === CLAIMED_MAX) this.again = true;
      if (nextAt !== undefined) this.nextAdmission = Math.min(this.nextAdmission ?? nextAt, nextAt);
    }
  }

  /** Gives the loaded runs their mail. */
  handOutMail(): void {
    const { journal, loads } = this.parts;
    for (const mail of journal.mail()) {
      const run = loads.residents.get(mail.run);
      if (run) this.handOver(run, mail);
    }
  }

  /** Gives a loaded run its mail. */
  handOut(run: LoadedRun): void {
    for (const mail of this.parts.journal.mail(run.run)) this.handOver(run, mail);
  }

  private handOver(run: LoadedRun, mail: Mail): void {
    const { execution } = run;
    if (!execution.open) return; // It is being put aside, and is loaded again for its mail.
    const { arrivals } = execution;
    const { kind, name, token, body } = mail;
    this.parts.journal.dropMail(mail);
    if (kind === 'signal') arrivals.signal({ name, value: body ?? 'null', token });
    else if (kind === 'cancel') arrivals.cancel(body ?? '');
    else if (kind === 'override') arrivals.override(name, JSON.parse(body ?? '{}') as GateOverride);
    else if (arrivals.awaitsChild(name)) this.parts.loads.lookAtChild(run, name, token); // Else it is asked for when the step is.
  }

  private lookAfterFollowed(): void {
    this.followedChanged = false;
    for (const id of this.parts.follows.ids) if (!this.parts.loads.residents.get(id)) this.lookAfterOne(id);
  }

  private lookAfterOne(id: string): void {
    const { follows, catalogue } = this.parts;
    try {
      const ended = catalogue.endOf(id);
      if (ended) {
        follows.ended(id, ended);
        return;
      }
      const standstill = catalogue.standstillOf(id);
      if (standstill) follows.failed(id, standstill);
    } catch (error) {
      follows.failed(id, error); // It was removed, or altered.
    }
  }

  private arm(): void {
    const due = this.adopting ? this.parts.journal.nextDue() : undefined;
    const times = [due, this.nextAdmission].filter((time) => time !== undefined);
    if (times.length > 0) this.armAt(Math.min(...times));
  }

  private armAt(at: number): void {
    if (this.stopped || (at >= this.timerAt && this.stopTimer)) return;
    this.stopTimer?.();
    this.timerAt = at;
    this.stopTimer = this.parts.clock.after(Math.max(0, at - this.parts.clock.now()), () => {
      this.stopTimer = undefined;
      this.timerAt = Number.POSITIVE_INFINITY;
      this.look();
    });
  }
}
