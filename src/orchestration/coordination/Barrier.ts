/**
 * A point where parts of one run meet: who arrives waits until so many have, then all go on. It can be met at again and again.
 *
 * Owns: who arrived how often. Does not own: the parts. Invariants: the n-th arrival of a party counts for the n-th meeting and for no other,
 * however far the parties are apart; what a meeting came to does not change.
 */
import type { CommandContext } from '../../abstract/CommandContext.js';
import { CommandFailure, TimeoutError, UsageError } from '../../kernel/errors.js';
import { presentBranch } from '../../kernel/whereabouts.js';

export interface BarrierOptions {
  readonly ctx: CommandContext;
  /** Names of the parts that meet. */
  readonly parties: readonly string[];
  /** So many make a meeting; who comes later does not wait. @default all of them */
  readonly need?: number;
  /** How long the first one to arrive waits for the others, in time of the run. @default no limit but that of the run */
  readonly timeoutMs?: number;
}

export interface Meeting {
  /** 1 for the first. */
  readonly number: number;
  /** Who had arrived when it took place, in that order. */
  readonly came: readonly string[];
}

type Course =
  | { readonly at: 'gathering' }
  | { readonly at: 'met'; readonly meeting: Meeting }
  | { readonly at: 'broken'; readonly error: unknown };

interface Gathering {
  readonly number: number;
  readonly came: string[];
  /** Of those, how many have not left the barrier. */
  staying: number;
  readonly waiting: { resolve(meeting: Meeting): void; reject(error: unknown): void }[];
  course: Course;
  /** Ends what would break it. */
  release: () => void;
}

export class Barrier {
  /** Arrivals so far, by party; without those that have left. */
  private readonly arrivals: Map<string, number>;
  /** Those that somebody may still arrive at, by number. */
  private readonly gatherings = new Map<number, Gathering>();
  private readonly need: number;
  private readonly branch = presentBranch();

  /** Use `barrier`. */
  constructor(private readonly options: BarrierOptions) {
    const { parties, need = parties.length } = options;
    this.arrivals = new Map(parties.map((party) => [party, 0]));
    this.need = need;
    if (this.arrivals.size === parties.length && Number.isInteger(need) && need >= 1 && need <= parties.length) return;
    throw misuse(`barrier({ parties: [${parties.join(', ')}], need: ${need} }): give different names, and a need from 1 to all of them.`);
  }

  /**
   * Resolves when so many have arrived as often as this party, and at once for one that comes later.
   *
   * @throws TimeoutError `JOIN_TIMED_OUT`, for all who wait and all who come later to this meeting.
   * @throws CommandFailure `JOIN_NOT_MET` when too many have left.
   * @throws UsageError `STRATEGY_INVALID` for a party that is none or has left, or in another branch than that of the barrier.
   */
  arrive(party: string): Promise<Meeting> {
    const arrived = this.take(party);
    arrived.catch(() => undefined); // That nobody reads it must not end the process.
    return arrived;
  }

  /** A party comes no more, since it failed or has nothing left to do: who would wait for it in vain is told. */
  leave(party: string): void {
    const arrived = this.arrivalsOf(party);
    this.arrivals.delete(party);
    for (const gathering of this.gatherings.values()) {
      if (arrived >= gathering.number) gathering.staying -= 1;
      this.judge(gathering);
    }
  }

  private async take(party: string): Promise<Meeting> {
    const number = this.arrivalsOf(party) + 1;
    this.arrivals.set(party, number);
    const gathering = this.gatherings.get(number) ?? this.open(number);
    gathering.came.push(party);
    gathering.staying += 1;
    const met = new Promise<Meeting>((resolve, reject) => gathering.waiting.push({ resolve, reject }));
    this.judge(gathering);
    return met;
  }

  private open(number: number): Gathering {
    const { ctx, timeoutMs } = this.options;
    const { signal } = ctx;
    const stop = (): void => this.settle(gathering, { at: 'broken', error: signal.reason });
    const release = (): void => signal.removeEventListener('abort', stop);
    const gathering: Gathering = { number, came: [], staying: 0, waiting: [], course: { at: 'gathering' }, release };
    this.gatherings.set(number, gathering);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
    if (timeoutMs !== undefined) {
      ctx.sleep(timeoutMs).then(
        () => this.settle(gathering, { at: 'broken', error: timedOut(gathering.came, this.missingFrom(gathering), timeoutMs) }),
        (error: unknown) => this.settle(gathering, { at: 'broken', error }),
      );
    }
    return gathering;
  }

  /** Sees whether it takes place, or cannot any more, answers who waits, and forgets it when nobody can come. */
  private judge(gathering: Gathering): void {
    const { number, came, staying } = gathering;
    const missing = this.arrivals.size - staying;
    if (came.length >= this.need) this.settle(gathering, { at: 'met', meeting: { number, came: [...came] } });
    else if (came.length + missing < this.need) this.settle(gathering, { at: 'broken', error: notMet(came, this.need) });
    else this.settle(gathering, gathering.course);
    if (missing === 0) this.gatherings.delete(number);
  }

  /** Keeps the first thing that it came to. */
  private settle(gathering: Gathering, course: Course): void {
    if (gathering.course.at === 'gathering') gathering.course = course;
    const { course: kept, waiting } = gathering;
    if (kept.at === 'gathering') return;
    gathering.release();
    for (const party of waiting.splice(0)) {
      if (kept.at === 'met') party.resolve(kept.meeting);
      else party.reject(kept.error);
    }
  }

  private missingFrom({ number }: Gathering): string[] {
    return [...this.arrivals].flatMap(([party, arrived]) => (arrived < number ? [party] : []));
  }

  private arrivalsOf(party: string): number {
    const arrived = this.arrivals.get(party);
    if (arrived === undefined) {
      throw misuse(`"${party}" is no party of the barrier, or has left; there are ${[...this.arrivals.keys()].join(', ')}.`);
    }
    if (presentBranch() === this.branch) return arrived;
    throw misuse(
      `"${party}" is in another branch of the run than its barrier. A branch that has ended is not gone through again on replay: let all meet in one.`,
    );
  }
}

/** A point where named parts of one run meet: all of them, or n of m; see `Barrier`. @throws UsageError `STRATEGY_INVALID` */
export function barrier(options: BarrierOptions): Barrier {
  return new Barrier(options);
}

function misuse(message: string): UsageError {
  return new UsageError('STRATEGY_INVALID', message);
}

function notMet(came: readonly string[], need: number): CommandFailure {
  return new CommandFailure(
    'JOIN_NOT_MET',
    `${need} parties have to meet, and so many have left that they cannot; came: ${listed(came)}.`,
    {
      details: { need, came, reasons: {} },
    },
  );
}

function timedOut(came: readonly string[], missing: readonly string[], timeoutMs: number): TimeoutError {
  return new TimeoutError(
    'JOIN_TIMED_OUT',
    `The parties did not meet within ${timeoutMs} ms; came: ${listed(came)}; missing: ${listed(missing)}.`,
    {
      details: { timeoutMs, came, missing },
    },
  );
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nobody' : names.join(', ');
}
