/** Waits for so many of several parts of a run: all, any, or n of m. */
import type { CommandContext } from '../../abstract/CommandContext.js';
import { CommandFailure, messageOf, TimeoutError, UsageError } from '../../kernel/errors.js';
import { isAbsorbable } from './absorbable.js';

/** Promises of interactions, steps, branches or children; a list, or by name. */
export type JoinParts = readonly PromiseLike<unknown>[] | { readonly [name: string]: PromiseLike<unknown> };

export interface JoinOptions {
  readonly ctx: CommandContext;
  /** How many must come. @default 'all' */
  readonly need?: 'all' | 'any' | number;
  /** How long they are waited for together, in time of the run. @default no limit but that of the run */
  readonly timeoutMs?: number;
}

/** How things stood when enough had come. Parts of a list are named by their index. */
export interface Joined<P extends JoinParts> {
  /** What came, where it stands among the parts; undefined for the others. */
  readonly values: { readonly [K in keyof P]?: Awaited<P[K]> };
  /** Names of those that came, in that order. */
  readonly came: readonly string[];
  /** Errors of those that failed, by name, in that order. */
  readonly failed: ReadonlyMap<string, unknown>;
  /** Names of those that had neither come nor failed. */
  readonly missing: readonly string[];
}

/**
 * Resolves as soon as so many parts have come. The others go on, since nothing stops an effect that is under way: the run ends when they have
 * an outcome, and what they did is undone with it if it fails. The same on replay, as outcomes and the time are delivered in recorded order.
 *
 * @throws CommandFailure `JOIN_NOT_MET` as soon as too many have failed, with their errors in `details.reasons`.
 * @throws TimeoutError `JOIN_TIMED_OUT`.
 * @throws UsageError `STRATEGY_INVALID` for a `need` below one.
 * @throws the error of a part as it is when the run was stopped, or when it says that the code is wrong.
 */
export function joinParts<const P extends JoinParts>(parts: P, options: JoinOptions): Promise<Joined<P>> {
  const joining = new Promise<Joined<JoinParts>>((resolve, reject) => new Joining(parts, options, { resolve, reject }).begin());
  joining.catch(() => undefined); // That nobody reads it must not end the process.
  return joining as Promise<Joined<P>>; // The values stand under the names of the parts.
}

interface Answer {
  readonly resolve: (joined: Joined<JoinParts>) => void;
  readonly reject: (error: unknown) => void;
}

class Joining {
  private readonly names: readonly string[];
  private readonly need: number;
  private readonly came = new Map<string, unknown>();
  private readonly failed = new Map<string, unknown>();
  /** What comes later does not change what was handed out. */
  private isOver = false;

  constructor(
    private readonly parts: JoinParts,
    private readonly options: JoinOptions,
    private readonly answer: Answer,
  ) {
    this.names = Object.keys(parts);
    this.need = neededOf(options.need, this.names.length);
  }

  begin(): void {
    const { ctx, timeoutMs } = this.options;
    for (const [name, part] of Object.entries(this.parts)) {
      part.then(
        (value) => this.end(name, this.came, value),
        (error: unknown) => this.end(name, this.failed, error),
      );
    }
    this.judge();
    if (this.isOver || timeoutMs === undefined) return;
    ctx.sleep(timeoutMs).then(
      () => this.reject(timedOut(this.standing, timeoutMs)),
      (error: unknown) => this.reject(error),
    );
  }

  private end(name: string, how: Map<string, unknown>, outcome: unknown): void {
    if (this.isOver) return;
    how.set(name, outcome);
    if (how === this.failed && !isAbsorbable(outcome, this.options.ctx.signal)) this.reject(outcome);
    else this.judge();
  }

  private judge(): void {
    if (this.came.size >= this.need) {
      this.isOver = true;
      this.answer.resolve(this.joined);
    } else if (this.names.length - this.failed.size < this.need) this.reject(notMet(this.standing));
  }

  private reject(error: unknown): void {
    this.isOver = true;
    this.answer.reject(error);
  }

  private get joined(): Joined<JoinParts> {
    const { came, failed, missing } = this.standing;
    const values = Array.isArray(this.parts) ? this.names.map((name) => this.came.get(name)) : Object.fromEntries(this.came);
    return { values, came, failed, missing };
  }

  private get standing(): Standing {
    const { need, came, failed } = this;
    const missing = this.names.filter((name) => !came.has(name) && !failed.has(name));
    return { need, came: [...came.keys()], failed, missing };
  }
}

interface Standing extends Omit<Joined<JoinParts>, 'values'> {
  readonly need: number;
}

function neededOf(need: JoinOptions['need'] = 'all', among: number): number {
  if (need === 'all') return among;
  if (need === 'any') return 1;
  if (Number.isInteger(need) && need >= 1) return need;
  throw new UsageError('STRATEGY_INVALID', `joinParts(…, { need: ${need} }): give 'all', 'any', or a number from 1.`, {
    details: { need },
  });
}

function notMet({ need, came, failed, missing }: Standing): CommandFailure {
  const reasons = reasonsOf(failed);
  const why = Object.entries(reasons).map(([name, reason]) => `${name} (${reason})`);
  const said = why.length === 0 ? 'there are no more' : `failed: ${why.join(', ')}`;
  const parts = came.length + failed.size + missing.length;
  return new CommandFailure('JOIN_NOT_MET', `${need} of ${parts} parts were needed, and cannot come any more; ${said}.`, {
    details: { need, came, missing, reasons },
  });
}

function timedOut({ need, came, failed, missing }: Standing, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    'JOIN_TIMED_OUT',
    `${need} parts were needed within ${timeoutMs} ms, and ${came.length} came; missing: ${missing.join(', ')}.`,
    { details: { need, timeoutMs, came, missing, reasons: reasonsOf(failed) } },
  );
}

function reasonsOf(failed: ReadonlyMap<string, unknown>): Readonly<Record<string, string>> {
  return Object.fromEntries([...failed].map(([name, error]) => [name, messageOf(error)]));
}
