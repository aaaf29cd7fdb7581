/**
 * Follows runs from the outside: their end, over all that goes on with them, and what they are told.
 *
 * Does not own: the runs, which any worker may drive.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { GateOverride } from '../../abstract/Timeline.js';
import { TransientError, UsageError } from '../../kernel/errors.js';
import type { EndedRun, RunHandle } from '../Engine.js';
import { handedBack, standsStill } from '../handBack.js';
import { runEnded } from '../run/refusals.js';
import { type Ingress, NoOutput } from './Ingress.js';
import { ObservedLoads } from './ObservedLoads.js';
import type { PausedRuns } from './PausedRuns.js';
import { addressOf, POST } from './RunAddress.js';
import { endedRun } from './RunEnd.js';
import type { RunMail, RunOutput } from './RunMessages.js';
import type { Sessions } from './Sessions.js';

/** Between two looks whether a run that somebody waits for stands still: at first, and then doubled up to the greatest. */
const LOOK_MS = 500;
const LOOK_MS_MAX = 2000;
/** Between two looks whether a run is known to Restate. */
const BEGUN_MS = 20;
const BEGUN_TRIES_MAX = 500;

/** Where a run is now. */
export interface Place {
  readonly run: string;
  /** How often it was gone on with after its end. */
  readonly turn: number;
  /** Undefined as long as it has not ended. */
  readonly ended: EndedRun | undefined;
}

export interface RunTrackerParts {
  readonly ingress: Ingress;
  /** Undefined where no runs are driven. */
  readonly sessions: Sessions | undefined;
  /** Undefined where nobody can be asked. */
  readonly paused: PausedRuns | undefined;
  /** What becomes of a run whose invocation was ended in Restate. */
  readonly broken: (runId: string, why: string) => EndedRun;
  readonly override: (runId: string, gate: string, override: GateOverride) => Promise<void>;
  readonly cancel: (runId: string, reason: string) => Promise<void>;
}

export class RunTracker {
  constructor(private readonly parts: RunTrackerParts) {}

  /** @param begin begins the run, and gives its end if it is there to be had */
  handleOf(id: string, begin?: () => Promise<RunOutput | undefined>): RunHandle {
    const { sessions, cancel, override } = this.parts;
    const loads = new ObservedLoads();
    const forget = sessions?.observe(id, (watch) => loads.add(watch));
    const follow = (first?: Promise<RunOutput | undefined>) => this.follow(id, first).finally(() => forget?.());
    let end = begin && follow(begin());
    end?.catch(() => undefined); // Whoever looks at it is told.
    const ended = (): Promise<EndedRun> => {
      end ??= follow();
      return end;
    };
    return {
      id,
      ended,
      watch: (after) => loads.events(ended, after),
      cancel: (reason) => (begin ? whenBegun(() => cancel(id, reason), ended()) : cancel(id, reason)),
      override: (gate, how) => override(id, gate, how),
    };
  }

  /** @throws UsageError `RUN_NOT_FOUND` */
  async placeOf(run: string): Promise<Place> {
    for (let turn = 0; ; turn += 1) {
      const output = await this.parts.ingress.output<RunOutput>(addressOf(run, turn));
      if (output === null) throw notFound(run);
      const ended = output && this.endIn(run, output);
      if (ended?.successor !== undefined) return this.placeOf(ended.successor);
      if (!ended || !(await this.goesOn(run, turn, ended))) return { run, turn, ended };
    }
  }

  /** The end of a run, or of the last one that goes on with it. @throws TransientError `RUN_HANDED_BACK` when it stands still, or this engine is closed */
  async follow(run: string, first?: Promise<RunOutput | undefined>): Promise<EndedRun> {
    for (let turn = 0; ; turn += 1) {
      const ended = await this.endOf(run, turn, turn === 0 ? first : undefined);
      if (ended.successor !== undefined) return this.follow(ended.successor);
      const goesOn = await this.parts.ingress.patiently(() => this.goesOn(run, turn, ended));
      if (goesOn === undefined) throw handedBack(run);
      if (!goesOn) return ended;
    }
  }

  /**
   * What a run was begun with; undefined for one that was ended in Restate before it had begun. Waits for it to begin.
   *
   * @throws TransientError `RESTATE_UNREACHABLE` when it does not
   */
  async identityOf(run: string): Promise<string | undefined> {
    const { ingress } = this.parts;
    const address = addressOf(run);
    for (let tries = 0; tries < BEGUN_TRIES_MAX; tries += 1) {
      const identity = await ingress.call<string | null>(address, 'identity');
      if (typeof identity === 'string') return identity;
      if ((await ingress.output<RunOutput>(address)) !== undefined) {
        // It has ended by now, and may have begun before.
        return (await ingress.call<string | null>(address, 'identity')) ?? undefined;
      }
      await wait(BEGUN_MS);
    }
    throw new TransientError(
      'RESTATE_UNREACHABLE',
      `Run ${run} has not begun yet, so nobody knows what it is begun with. Ask again later.`,
      {
        details: { run },
      },
    );
  }

  /** @throws UsageError `RUN_NOT_FOUND`, `RUN_ENDED` */
  async post(run: string, mail: RunMail): Promise<void> {
    const place = await this.placeOf(run);
    if (place.ended) throw runEnded(place.run);
    await this.parts.ingress.call(addressOf(place.run, place.turn), POST, mail);
  }

  /** A run that did not end well may have been gone on with. */
  private async goesOn(run: string, turn: number, { status }: EndedRun): Promise<boolean> {
    if (status !== 'failed' && status !== 'unknown') return false;
    return (await this.parts.ingress.output(addressOf(run, turn + 1))) !== null;
  }

  private async endOf(run: string, turn: number, first?: Promise<RunOutput | undefined>): Promise<EndedRun> {
    const attach = () => this.parts.ingress.attach<RunOutput>(addressOf(run, turn));
    const look = new Look(() => this.standstill(run, turn));
    try {
      const output = await Promise.race([first ? first.then((output) => output ?? attach()) : attach(), look.found]);
      if (output === null) throw notFound(run);
      if (output === undefined) throw handedBack(run);
      return this.endIn(run, output);
    } finally {
      look.stop();
    }
  }

  private endIn(run: string, output: RunOutput | NoOutput): EndedRun {
    return output instanceof NoOutput ? this.parts.broken(run, output.why) : endedRun(run, output);
  }

  /** What a run waits for that waits for somebody to look at it. */
  private async standstill(run: string, turn: number): Promise<Error | undefined> {
    const { ingress, paused } = this.parts;
    const address = addressOf(run, turn);
    const stopped = () => ingress.call<string | null>(address, 'stopped');
    const why = (await paused?.reasonOf(address).catch(() => undefined)) ?? (await stopped().catch(() => undefined));
    return typeof why === 'string' ? standsStill(run, why) : undefined;
  }
}

/** A run that is on its way to Restate is not known there for a moment. */
async function whenBegun(act: () => Promise<void>, ended: Promise<unknown>): Promise<void> {
  let over = false;
  const end = ended.then(
    () => undefined,
    () => undefined,
  );
  void end.then(() => {
    over = true;
  });
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      if (over || !(error instanceof UsageError && error.code === 'RUN_NOT_FOUND')) throw error;
      await Promise.race([end, wait(BEGUN_MS)]);
    }
  }
}

/** Looks again and again, and rejects with what it finds. */
class Look {
  readonly found: Promise<never>;
  private reject: (found: Error) => void = () => undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly look: () => Promise<Error | undefined>) {
    this.found = new Promise((_resolve, reject) => {
      this.reject = reject;
    });
    this.arm();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private arm(pauseMs = LOOK_MS): void {
    this.timer = setTimeout(() => void this.lookOnce(pauseMs), pauseMs);
  }

  private async lookOnce(pauseMs: number): Promise<void> {
    const found = await this.look();
    if (found) this.reject(found);
    else if (this.timer) this.arm(Math.min(pauseMs * 2, LOOK_MS_MAX));
  }
}

function notFound(run: string): UsageError {
  return new UsageError('RUN_NOT_FOUND', `There is no run "${run}". \`sixfold runs list\` shows them.`, { details: { run } });
}
