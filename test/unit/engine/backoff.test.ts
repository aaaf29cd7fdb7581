import { Backoff } from '../../../src/engine/run/Backoff.js';
import { CommandFailure, OutcomeUnknownError, TimeoutError, TransientError, type UsageError } from '../../../src/kernel/errors.js';
import type { RetryPolicy } from '../../../src/kernel/RetryPolicy.js';

const busy = new TransientError('STEP_NOT_DONE', 'busy');
const refused = new CommandFailure('GATE_FAILED', 'no');
const half = (): number => 0.5;

function of(policy: RetryPolicy): Backoff {
  return Backoff.of('charge', policy, false);
}

function waits(policy: RetryPolicy, count: number, draw: () => number): number[] {
  return Array.from({ length: count }, (_, index) => of(policy).waitMs(index + 1, busy, draw));
}

describe('the waits of a retry policy', () => {
  it('grow by the factor from the first to the longest', () => {
    const policy = { attemptsMax: 9, backoffMs: 10, backoffFactor: 3, backoffMsMax: 200, jitter: 0 };
    expect(waits(policy, 5, half)).toEqual([10, 30, 90, 200, 200]);
  });

  it('begin with 100 ms, double, end at a minute and are drawn by half unless the policy says else', () => {
    expect(waits({ attemptsMax: 20 }, 3, () => 1)).toEqual([100, 200, 400]);
    expect(waits({ attemptsMax: 20 }, 3, () => 0)).toEqual([50, 100, 200]);
    expect(of({ attemptsMax: 20 }).waitMs(20, busy, () => 1)).toBe(60_000);
  });

  it('leave to chance only the share that jitter says', () => {
    const policy = { attemptsMax: 2, backoffMs: 1000, jitter: 0.2 };
    expect([0, 0.5, 1].map((drawn) => waits(policy, 1, () => drawn)[0])).toEqual([800, 900, 1000]);
  });

  it('stay zero and finite where the numbers are extreme', () => {
    expect(of({ attemptsMax: 2000, backoffMs: 0 }).waitMs(2000, busy, half)).toBe(0);
    expect(of({ attemptsMax: 2000, jitter: 0 }).waitMs(2000, busy, half)).toBe(60_000);
  });

  it('are never shorter than the failing side asked for, though it may ask for more than the longest', () => {
    const policy = { attemptsMax: 3, backoffMs: 10, backoffMsMax: 20, jitter: 0 };
    const asking = (retryAfterMs: unknown) => new TransientError('STEP_NOT_DONE', 'busy', { details: { retryAfterMs } });
    expect([5, 5000, Number.NaN, 'soon'].map((asked) => of(policy).waitMs(1, asking(asked), half))).toEqual([10, 5000, 10, 10]);
  });
});

describe('what a retry policy tries again', () => {
  const lost = new OutcomeUnknownError('OUTCOME_UNKNOWN', 'lost', { cause: new TimeoutError('STEP_TIMED_OUT', 'late') });

  it('is what is transient, unknown or timed out, unless it says else', () => {
    const errors = [busy, lost, new TimeoutError('STEP_TIMED_OUT', 'late'), refused, new TypeError('slip'), 'text'];
    expect(errors.map((error) => of({ attemptsMax: 2 }).repeats(error))).toEqual([true, true, true, false, false, false]);
  });

  it('is only what it lists, with the timeout behind an unknown outcome', () => {
    const listed = of({ attemptsMax: 2, on: [CommandFailure, TimeoutError] });
    expect([refused, busy, lost].map((error) => listed.repeats(error))).toEqual([true, false, true]);
  });

  it('is everything for what has to be done in the end, unless it says else', () => {
    expect([refused, new TypeError('slip'), 'text'].map((error) => Backoff.of('undo', undefined, true).repeats(error))).toEqual([
      true,
      true,
      true,
    ]);
    expect(Backoff.of('undo', { attemptsMax: 2, on: [TransientError] }, true).repeats(refused)).toBe(false);
  });
});

describe('the time limit of an attempt', () => {
  it('grows by its factor from the first to the longest', () => {
    const policy = { attemptsMax: 5, timeoutFactor: 2, timeoutMsMax: 500 };
    expect([1, 2, 3, 4].map((tries) => of(policy).timeoutMs(tries, 100))).toEqual([100, 200, 400, 500]);
  });

  it('stays the same without a factor, is the longest where the step has none, and none where neither says', () => {
    expect(of({ attemptsMax: 5 }).timeoutMs(3, 100)).toBe(100);
    expect(of({ attemptsMax: 5, timeoutMsMax: 500 }).timeoutMs(3, undefined)).toBe(500);
    expect(of({ attemptsMax: 5, timeoutFactor: 2 }).timeoutMs(3, undefined)).toBeUndefined();
  });
});

describe('a retry policy that cannot be meant', () => {
  const wrong: readonly (readonly [string, object, string])[] = [
    ['attemptsMax', { attemptsMax: 0 }, '0'],
    ['attemptsMax', { attemptsMax: 2.5 }, '2.5'],
    ['attemptsMax', {}, 'undefined'],
    ['backoffMs', { attemptsMax: 2, backoffMs: -1 }, '-1'],
    ['backoffFactor', { attemptsMax: 2, backoffFactor: Number.POSITIVE_INFINITY }, 'Infinity'],
    ['backoffMsMax', { attemptsMax: 2, backoffMsMax: Number.NaN }, 'NaN'],
    ['timeoutFactor', { attemptsMax: 2, timeoutFactor: '2' }, '2'],
    ['timeoutMsMax', { attemptsMax: 2, timeoutMsMax: -5 }, '-5'],
    ['jitter', { attemptsMax: 2, jitter: 1.1 }, '1.1'],
    ['on', { attemptsMax: 2, on: ['TransientError'] }, 'TransientError'],
  ];

  it.each(wrong)('is refused, naming the step, %s and what stands there: %j', (field, policy, value) => {
    let thrown: unknown;
    try {
      of(policy as RetryPolicy);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'RETRY_INVALID', details: { step: 'charge', field, value } } satisfies Partial<UsageError>);
  });
});
