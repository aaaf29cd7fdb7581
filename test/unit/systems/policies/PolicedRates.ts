/** A system that answers when the test says so, called as the desk calls it. */
import { setImmediate } from 'node:timers/promises';
import type { Call, Effect } from '../../../../src/kernel/Call.js';
import type { Clock } from '../../../../src/kernel/Clock.js';
import { CancelledError, TimeoutError } from '../../../../src/kernel/errors.js';
import { operation, operationsOf } from '../../../../src/systems/operation.js';
import type { Policy } from '../../../../src/systems/Policy.js';
import type { BatchItem } from '../../../../src/systems/policies/Batches.js';
import type { PolicyStanding } from '../../../../src/systems/policies/PolicyStanding.js';
import { policedAttempt, standingsOf } from '../../../../src/systems/policies/policedAttempt.js';
import { System, system } from '../../../../src/systems/System.js';
import { testCall } from '../../../support/call.js';
import { ManualClock } from '../../../support/ManualClock.js';

export class Pair {
  from!: string;
  to?: string;
}

export class Rate {
  value!: number;
  tags?: string[];
}

/** One call of a method, or of the method of a batch, that the system got. */
export interface Asked {
  readonly items: readonly BatchItem<Pair>[];
  readonly call: Call;
  answer(output: unknown): void;
  fail(error: unknown): void;
}

@system({ name: 'rates' })
export class Rates extends System {
  readonly asked: Asked[] = [];
  /** Whether the method goes on when it is aborted. */
  deaf = false;

  @operation({ input: Pair, output: Rate, effect: 'read' })
  look(input: Pair, call: Call): Promise<Rate> {
    return this.ask([{ input, call }], call) as Promise<Rate>;
  }

  @operation({ input: Pair, output: Rate, effect: 'read' })
  guess(input: Pair, call: Call): Promise<Rate> {
    return this.ask([{ input, call }], call) as Promise<Rate>;
  }

  lookAtAll(items: readonly BatchItem<Pair>[], call: Call): Promise<unknown> {
    return this.ask(items, call);
  }

  private ask(items: readonly BatchItem<Pair>[], call: Call): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.asked.push({ items, call, answer: resolve, fail: reject });
    if (!this.deaf) call.signal.addEventListener('abort', () => reject(call.signal.reason), { once: true });
    return promise;
  }
}

/** An attempt of a run. */
export interface Attempt {
  /** What came of it: `pending`, the output, or the error. */
  outcome: unknown;
  abort(reason: unknown): void;
  readonly signal: AbortSignal;
}

export const cancelled = new CancelledError('RUN_CANCELLED', 'the run was cancelled');
export const late = new TimeoutError('STEP_TIMED_OUT', 'rates.look did not end within 10 ms.');

/** Everything that can happen without time has happened. */
export const settled = (): Promise<void> => setImmediate();

export class PolicedRates {
  readonly rates = new Rates();
  readonly lines: string[] = [];

  readonly clock = new ManualClock();

  constructor(private readonly policy: Policy) {}

  /** How the policy of an operation stands. */
  standing(of: 'look' | 'guess' = 'look'): PolicyStanding | undefined {
    return standingsOf(this.rates).find((standing) => standing.operation === of);
  }

  /** Begins an attempt, and waits until it is where it stays without time or an answer. */
  async attempt(input: Pair | string = 'EUR', changes: AttemptChanges = {}): Promise<Attempt> {
    const { operation: name = 'look', effect = 'read', rates = this.rates, key = 'test', deadline, clock = this.clock } = changes;
    const controller = new AbortController();
    if (changes.aborted) controller.abort(cancelled);
    const declared = operationsOf(rates).get(name);
    if (!declared) throw new Error(`no operation ${name}`);
    const given = typeof input === 'string' ? Object.assign(new Pair(), { from: input }) : input;
    const log = (level: string) => (message: string) => void this.lines.push(`${level} ${message}`);
    const call: Call = {
      ...testCall({ signal: controller.signal }),
      key,
      deadline,
      log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    };
    const attempt: Attempt = { outcome: 'pending', abort: (reason) => controller.abort(reason), signal: controller.signal };
    policedAttempt({ system: rates, operation: { ...declared, effect, policy: this.policy }, clock }, given, call).then(
      (output) => Object.assign(attempt, { outcome: output }),
      (error: unknown) => Object.assign(attempt, { outcome: error }),
    );
    await settled();
    return attempt;
  }

  /** The call that the system got last. */
  get last(): Asked {
    const last = this.rates.asked.at(-1);
    if (!last) throw new Error('the system was not called');
    return last;
  }

  /** An attempt that is let through and ends so. */
  async ended(how: { readonly error: unknown } | { readonly output: unknown }, changes: AttemptChanges = {}): Promise<Attempt> {
    const before = this.rates.asked.length;
    const attempt = await this.attempt('EUR', changes);
    if (this.rates.asked.length === before) return attempt;
    if ('error' in how) this.last.fail(how.error);
    else this.last.answer(how.output);
    await settled();
    return attempt;
  }
}

export interface AttemptChanges {
  readonly operation?: 'look' | 'guess';
  readonly effect?: Effect;
  readonly rates?: Rates;
  readonly key?: string;
  readonly deadline?: Date;
  readonly clock?: Clock;
  readonly aborted?: boolean;
}
