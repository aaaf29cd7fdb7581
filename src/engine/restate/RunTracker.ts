/**
 * Follows runs from the outside: their end, over all that goes on with them, and what they are told.
 *
 * Does not own: the runs, which any worker may drive.
 */
import type { GateOverride } from '../../abstract/Timeline.js';
import { UsageError } from '../../kernel/errors.js';
import type { EndedRun, RunHandle } from '../Engine.js';
import { runEnded } from '../embedded/refusals.js';
import { handedBack, standsStill } from '../handBack.js';
import type { Ingress } from './Ingress.js';
import { ObservedLoads } from './ObservedLoads.js';
import { addressOf, POST } from './RunAddress.js';
import { endedRun } from './RunEnd.js';
import type { RunMail, RunOutput } from './RunMessages.js';
import type { Sessions } from './Sessions.js';

/** Between two looks whether a run that somebody waits for stands still. */
const LOOK_MS = 2000;

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
  readonly override: (runId: string, gate: string, override: GateOverride) => Promise<void>;
  readonly cancel: (runId: string, reason: string) => Promise<void>;
}

export class RunTracker {
  constructor(private readonly parts: RunTrackerParts) {}

  handleOf(id: string): RunHandle {
    const { sessions, cancel, override } = this.parts;
    const loads = new ObservedLoads();
    const forget = sessions?.observe(id, (watch) => loads.add(watch));
    let end: Promise<EndedRun> | undefined;
    const ended = (): Promise<EndedRun> => {
      end ??= this.follow(id).finally(() => forget?.());
      return end;
    };
    return {
      id,
      ended,
      watch: (after) => loads.events(ended, after),
      cancel: (reason) => cancel(id, reason),
      override: (gate, how) => override(id, gate, how),
    };
  }

  /** @throws UsageError `RUN_NOT_FOUND` */
  async placeOf(run: string): Promise<Place> {
    for (let turn = 0; ; turn += 1) {
      const output = await this.parts.ingress.output<RunOutput>(addressOf(run, turn));
      if (output === null) throw notFound(run);
      const ended = output && endedRun(run, output);
      if (ended?.successor !== undefined) return this.placeOf(ended.successor);
      if (!ended || !(await this.goesOn(run, turn, ended))) return { run, turn, ended };
    }
  }

  /** The end of a run, or of the last one that goes on with it. @throws TransientError `RUN_HANDED_BACK` when it stands still, or this engine is closed */
  async follow(run: string): Promise<EndedRun> {
    for (let turn = 0; ; turn += 1) {
      const ended = await this.endOf(run, turn);
      if (ended.successor !== undefined) return this.follow(ended.successor);
      if (!(await this.goesOn(run, turn, ended))) return ended;
    }
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

  private async endOf(run: string, turn: number): Promise<EndedRun> {
    const look = new Look(() => this.standstill(run, turn));
    try {
      const output = await Promise.race([this.parts.ingress.attach<RunOutput>(addressOf(run, turn)), look.found]);
      if (output === null) throw notFound(run);
      if (output === undefined) throw handedBack(run);
      return endedRun(run, output);
    } finally {
      look.stop();
    }
  }

  /** What a run waits for that waits for somebody to look at it. */
  private async standstill(run: string, turn: number): Promise<Error | undefined> {
    const why = await this.parts.ingress.call<string | null>(addressOf(run, turn), 'stopped').catch(() => undefined);
    return typeof why === 'string' ? standsStill(run, why) : undefined;
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

  private arm(): void {
    this.timer = setTimeout(async () => {
      const found = await this.look();
      if (found) this.reject(found);
      else if (this.timer) this.arm();
    }, LOOK_MS);
  }
}

export function notFound(run: string): UsageError {
  return new UsageError('RUN_NOT_FOUND', `There is no run "${run}". \`sixfold runs list\` shows them.`, { details: { run } });
}
