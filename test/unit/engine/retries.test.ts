import { join } from 'node:path';
import { type RunTrace, silentTelemetry } from '../../../src/abstract/Telemetry.js';
import type { Call } from '../../../src/kernel/Call.js';
import { CommandFailure, OutcomeUnknownError, TransientError } from '../../../src/kernel/errors.js';
import type { RetryPolicy } from '../../../src/kernel/RetryPolicy.js';
import { begin, type Code, cutJournal, journalFolder, openEngine, resultOf } from '../../support/engineHarness.js';
import { HeldBody, StepsBench } from '../../support/stepsBench.js';

const busy = new TransientError('STEP_NOT_DONE', 'busy');
const refused = new CommandFailure('GATE_FAILED', 'no money');
const lost = new OutcomeUnknownError('OUTCOME_UNKNOWN', 'the line was cut');
/** Three attempts, 100 ms and 200 ms apart. */
const retry: RetryPolicy = { attemptsMax: 3, backoffMs: 100, jitter: 0 };

/** A body that throws these one after the other, and then gives `done`. */
function failing(...errors: readonly unknown[]) {
  const calls: { attempt: number; key: string }[] = [];
  const body = (_input: unknown, { attempt, key }: { attempt: number; key: string }): string => {
    calls.push({ attempt, key });
    const error = errors[calls.length - 1];
    if (error !== undefined) throw error;
    return 'done';
  };
  return { calls, body };
}

describe('a step with a retry policy', () => {
  it('is tried again after each wait, with the same key and the next number, and has the outcome of the last attempt', async () => {
    const bench = new StepsBench();
    const { body, calls } = failing(busy, busy);
    const answer = bench.ask('charge', body, { retry });
    await bench.drive();
    expect(calls).toHaveLength(1);
    await bench.advance(99);
    expect(calls).toHaveLength(1);
    await bench.advance(1);
    expect(calls).toHaveLength(2);
    await bench.advance(199);
    expect(calls).toHaveLength(2);
    await bench.advance(1);
    expect(answer).toEqual({ status: 'resolved', value: 'done' });
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(calls.map(({ key }) => key)).size).toBe(1);
    expect(bench.journal).toEqual(['step-attempted failed', 'step-attempted failed', 'step-ended succeeded']);
    expect(bench.steps.statistics()).toMatchObject([{ name: 'charge', count: 1, failed: 0, attempts: 3 }]);
    expect(bench.told).toEqual(['step-started execution charge', 'step-ended execution charge']);
  });

  it('fails with the error of the last attempt when all have failed', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('charge', failing(busy, busy, new TransientError('STEP_NOT_DONE', 'still busy')).body, { retry });
    await bench.drive();
    await bench.advance(100);
    await bench.advance(200);
    expect(answer).toMatchObject({ status: 'rejected', value: { message: 'still busy' } });
    expect(bench.journal).toEqual(['step-attempted failed', 'step-attempted failed', 'step-ended failed']);
  });

  it('is not tried again after a definite no, and is after what the policy lists', async () => {
    const bench = new StepsBench();
    const definite = bench.ask('charge', failing(refused).body, { retry });
    const listed = bench.ask('charge listed', failing(refused).body, { retry: { ...retry, on: [CommandFailure] } });
    await bench.drive();
    await bench.advance(100);
    expect([definite.status, listed.status]).toEqual(['rejected', 'resolved']);
  });

  it('waits at least as long as the failing side asked for', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('charge', failing(new TransientError('STEP_NOT_DONE', 'busy', { details: { retryAfterMs: 5000 } })).body, {
      retry,
    });
    await bench.drive();
    await bench.advance(4999);
    expect(answer.status).toBe('pending');
    await bench.advance(1);
    expect(answer.status).toBe('resolved');
  });

  it('draws its share of the wait from the chance that it is given', async () => {
    const bench = new StepsBench(undefined, [], { draw: () => 0.25 });
    bench.ask('charge', failing(busy).body, { retry: { ...retry, jitter: 0.4 } });
    await bench.drive();
    expect(bench.steps.nextDue()).toBe(bench.clock.now() + 70);
  });

  it('rests between attempts: nothing is under way, and what it waits for can be told', async () => {
    const bench = new StepsBench();
    bench.ask('charge', failing(busy).body, { retry });
    bench.ask('refund', failing(busy).body, { retry: { ...retry, backoffMs: 40 } });
    await bench.drive();
    const now = bench.clock.now();
    expect([bench.steps.active, bench.steps.resting, bench.steps.hasFresh]).toEqual([false, true, false]);
    expect(bench.steps.waits()).toEqual([
      { what: 'retry', name: 'charge', until: now + 100 },
      { what: 'retry', name: 'refund', until: now + 40 },
    ]);
    expect(bench.steps.nextDue()).toBe(now + 40);
    await bench.advance(100);
    expect([bench.steps.resting, bench.steps.nextDue()]).toEqual([false, undefined]);
  });

  it('is refused when it is asked for with a policy that cannot be meant, and nothing is recorded', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('charge', failing().body, { retry: { attemptsMax: 0 } });
    await bench.drive();
    expect(answer).toMatchObject({
      status: 'rejected',
      value: { code: 'RETRY_INVALID', details: { step: 'charge', field: 'attemptsMax' } },
    });
    expect(bench.records).toEqual([]);
  });
});

describe('the attempts of a step over a crash', () => {
  async function afterFirst(): Promise<StepsBench> {
    const bench = new StepsBench();
    bench.ask('charge', failing(busy).body, { retry });
    await bench.drive();
    expect(bench.journal).toEqual(['step-attempted failed']);
    return bench.reload();
  }

  it('wait out the rest of the wait, and are counted on', async () => {
    const bench = await afterFirst();
    bench.clock.advance(60);
    const { body, calls } = failing(busy, busy);
    const answer = bench.ask('charge', body, { retry });
    await bench.drive();
    expect([calls.length, bench.steps.resting]).toEqual([0, true]);
    await bench.advance(40);
    expect(calls.map(({ attempt }) => attempt)).toEqual([2]);
    await bench.advance(200);
    expect(calls.map(({ attempt }) => attempt)).toEqual([2, 3]);
    expect(answer.status).toBe('rejected');
  });

  it('go on at once when the wait is over', async () => {
    const bench = await afterFirst();
    bench.clock.advance(100);
    const { body, calls } = failing();
    const answer = bench.ask('charge', body, { retry });
    await bench.drive();
    expect(calls.map(({ attempt }) => attempt)).toEqual([2]);
    expect(answer.status).toBe('resolved');
    expect(bench.steps.statistics()).toMatchObject([{ count: 1, attempts: 2 }]);
  });

  it('are told the same on every replay', async () => {
    const bench = await afterFirst();
    bench.clock.advance(100);
    bench.ask('charge', failing().body, { retry });
    await bench.drive();
    expect(bench.reload().steps.statistics()).toEqual(bench.steps.statistics());
  });

  it('have the number again that the crash interrupted', async () => {
    const bench = await afterFirst();
    bench.clock.advance(100);
    bench.ask('charge', new HeldBody().body, { retry });
    await bench.drive();
    const next = bench.reload();
    const { body, calls } = failing();
    next.ask('charge', body, { retry });
    await next.drive();
    expect(calls.map(({ attempt }) => attempt)).toEqual([2]);
  });

  it('are one more when the mended policy has fewer than were made', async () => {
    const bench = await afterFirst();
    bench.clock.advance(100);
    const { body, calls } = failing(busy);
    const answer = bench.ask('charge', body, { retry: { attemptsMax: 1 } });
    await bench.drive();
    expect(calls.map(({ attempt }) => attempt)).toEqual([2]);
    expect(answer.status).toBe('rejected');
  });
});

describe('a step that is done once', () => {
  it('has a new intent on record before each attempt after a definite failure', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('charge', failing(busy).body, { retry, effect: 'once' });
    await bench.drive();
    await bench.advance(100);
    expect(answer.status).toBe('resolved');
    expect(bench.journal).toEqual(['step-intended', 'step-attempted failed', 'step-intended', 'step-ended succeeded']);
    expect(bench.steps.unsettled).toEqual([]);
  });

  it('goes on after a crash between the failure and the next intent, and not after one behind the intent', async () => {
    const bench = new StepsBench();
    bench.ask('charge', failing(busy).body, { retry, effect: 'once' });
    await bench.drive();
    await bench.advance(100);
    const rested = bench.reload(2);
    const again = failing();
    rested.ask('charge', again.body, { retry, effect: 'once' });
    await rested.drive();
    expect(again.calls.map(({ attempt }) => attempt)).toEqual([2]);
    const begun = bench.reload(3);
    const never = failing();
    const answer = begun.ask('charge', never.body, { retry, effect: 'once' });
    await begun.drive();
    expect(never.calls).toEqual([]);
    expect(answer).toMatchObject({ status: 'rejected', value: { code: 'OUTCOME_UNKNOWN' } });
    expect(begun.steps.unsettled).toEqual(['charge']);
  });

  it('is never tried again when its outcome is unknown, whatever the policy says', async () => {
    const bench = new StepsBench();
    const { body, calls } = failing(lost);
    const answer = bench.ask('charge', body, { retry: { ...retry, on: [Error] }, effect: 'once' });
    await bench.drive();
    await bench.advance(60_000);
    expect(calls).toHaveLength(1);
    expect(answer.status).toBe('rejected');
    expect(bench.journal).toEqual(['step-intended', 'step-ended unknown']);
    expect(bench.steps.unsettled).toEqual(['charge']);
  });
});

describe('an unknown outcome of what may be repeated', () => {
  it('is the outcome after the last attempt, and an equal ask later has the same key', async () => {
    const bench = new StepsBench();
    const { body, calls } = failing(lost, lost, lost);
    const answer = bench.ask('charge', body, { retry });
    await bench.drive();
    await bench.advance(100);
    await bench.advance(200);
    expect(answer).toMatchObject({ status: 'rejected', value: { code: 'OUTCOME_UNKNOWN' } });
    expect(bench.journal).toEqual(['step-attempted unknown', 'step-attempted unknown', 'step-ended unknown']);
    bench.ask('charge', body, { retry });
    await bench.drive();
    expect(new Set(calls.map(({ key }) => key)).size).toBe(1);
    expect(calls.at(-1)?.attempt).toBe(1);
  });

  it('is not forgotten when a later attempt could not reach the system', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('charge', failing(lost, busy).body, { retry: { ...retry, attemptsMax: 2 } });
    await bench.drive();
    await bench.advance(100);
    expect(answer).toMatchObject({ value: { code: 'OUTCOME_UNKNOWN', cause: { message: 'busy' } } });
    expect(bench.journal.at(-1)).toBe('step-ended unknown');
  });

  it('is not forgotten over several such attempts', async () => {
    const bench = new StepsBench();
    bench.ask('charge', failing(lost, busy, busy).body, { retry });
    await bench.drive();
    await bench.advance(100);
    await bench.advance(200);
    expect(bench.journal).toEqual(['step-attempted unknown', 'step-attempted failed', 'step-ended unknown']);
  });

  it('leaves an equal ask on the next load with its first attempt', async () => {
    const bench = new StepsBench();
    bench.ask('charge', failing(lost, lost).body, { retry: { ...retry, attemptsMax: 2 } });
    await bench.drive();
    await bench.advance(100);
    const next = bench.reload();
    next.ask('charge', failing().body, { retry });
    await next.drive();
    const { body, calls } = failing();
    next.ask('charge', body, { retry });
    await next.drive();
    expect(calls.map(({ attempt }) => attempt)).toEqual([1]);
  });

  it('is not forgotten over a crash either', async () => {
    const bench = new StepsBench();
    const twice = { retry: { ...retry, attemptsMax: 2 } };
    bench.ask('charge', failing(lost).body, twice);
    await bench.drive();
    const next = bench.reload();
    next.clock.advance(100);
    next.ask('charge', failing(busy).body, twice);
    await next.drive();
    expect(next.journal.at(-1)).toBe('step-ended unknown');
  });

  it('is settled by a later attempt that is refused for good', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('charge', failing(lost, refused).body, { retry });
    await bench.drive();
    await bench.advance(100);
    expect(answer).toMatchObject({ value: { message: 'no money' } });
    expect(bench.journal.at(-1)).toBe('step-ended failed');
  });
});

describe('the trace of a step', () => {
  it('is one over its attempts, and ends with it or with the load', async () => {
    const spans: string[] = [];
    const trace: RunTrace = {
      ...silentTelemetry.begin({ runId: 'run-1', command: 'test', version: '1', resumed: false, traceparent: undefined }),
      step: (name) => ({
        attempt: (number) => ({
          traceparent: undefined,
          run: (body) => body(),
          end: (status, reason) => spans.push(`${name} ${number} ${status} ${reason}`),
        }),
        end: (status, reason) => spans.push(`${name} ${status} ${reason}`),
      }),
    };
    const bench = new StepsBench(undefined, [], { trace });
    bench.ask('charge', failing(busy).body, { retry });
    bench.ask('post', failing(busy).body, { retry: { ...retry, backoffMs: 1000 } });
    await bench.drive();
    await bench.advance(100);
    await bench.handBack();
    expect(spans).toEqual([
      'charge 1 failed busy',
      'post 1 failed busy',
      'charge 2 succeeded undefined',
      'charge succeeded undefined',
      'post handed-back undefined',
    ]);
  });
});

describe('the time limits of attempts', () => {
  it('grow with the attempts, are told to each, and end each', async () => {
    const bench = new StepsBench();
    const held = new HeldBody();
    const limited = { timeoutMs: 10, retry: { ...retry, timeoutFactor: 3, timeoutMsMax: 50 } };
    const answer = bench.ask('charge', held.body, limited);
    const startedAt: number[] = [];
    const limits = [10, 30, 50];
    for (const [index, limit] of limits.entries()) {
      await bench.drive();
      startedAt.push(bench.clock.now());
      await bench.advance(limit - 1);
      expect(bench.records).toHaveLength(index);
      await bench.advance(1);
      expect(bench.records).toHaveLength(index + 1);
      await bench.advance(100 * 2 ** index);
    }
    expect(held.calls.map(({ deadline }, index) => (deadline ?? 0) - (startedAt[index] ?? 0))).toEqual(limits);
    expect(answer).toMatchObject({ value: { code: 'OUTCOME_UNKNOWN', cause: { code: 'STEP_TIMED_OUT', details: { timeoutMs: 50 } } } });
  });

  it('end with the run: no deadline lies behind its own', async () => {
    const until = new StepsBench().clock.now() + 25;
    const bench = new StepsBench(undefined, [], { until: () => until });
    const held = new HeldBody();
    bench.ask('charge', held.body, { timeoutMs: 1000 });
    await bench.drive();
    expect(held.calls).toMatchObject([{ deadline: until }]);
  });

  it('leave no attempt that would begin when the run is over: the last error is the outcome', async () => {
    const clock = new StepsBench().clock;
    const until = clock.now() + 100;
    const bench = new StepsBench(clock, [], { until: () => until });
    const cut = bench.ask('charge', failing(busy).body, { retry });
    const fits = bench.ask('refund', failing(busy).body, { retry: { ...retry, backoffMs: 99 } });
    await bench.drive();
    expect([cut.status, fits.status]).toEqual(['rejected', 'pending']);
    expect(cut.value).toMatchObject({ message: 'busy' });
  });
});

describe('a run that is stopped', () => {
  it('ends a step between attempts at once: as cancelled, or as unknown when an attempt may have had its effect', async () => {
    const bench = new StepsBench();
    const failed = bench.ask('charge', failing(busy).body, { retry });
    const unknown = bench.ask('refund', failing(lost).body, { retry });
    await bench.drive();
    await bench.cancel();
    expect(failed).toMatchObject({ status: 'rejected', value: { code: 'RUN_CANCELLED' } });
    expect(unknown).toMatchObject({ status: 'rejected', value: { code: 'OUTCOME_UNKNOWN' } });
    expect(bench.journal.slice(2)).toEqual(['step-ended cancelled', 'step-ended unknown']);
    expect([bench.steps.resting, bench.clock.pending]).toEqual([false, 0]);
  });

  it('tries no attempt again that it aborted', async () => {
    const bench = new StepsBench();
    const held = new HeldBody();
    const answer = bench.ask('charge', held.body, { retry: { ...retry, on: [Error] } });
    await bench.drive();
    await bench.cancel();
    expect(held.calls).toHaveLength(1);
    expect(answer).toMatchObject({ status: 'rejected', value: { code: 'RUN_CANCELLED' } });
    expect(bench.journal).toEqual(['step-ended unknown']);
  });

  it('ends a step as unknown that an earlier process tried without a reply', async () => {
    const first = new StepsBench();
    first.ask('refund', failing(lost).body, { retry });
    await first.drive();
    const bench = first.reload();
    const answer = bench.ask('refund', failing().body, { retry });
    await bench.cancel();
    expect(answer).toMatchObject({ value: { code: 'OUTCOME_UNKNOWN' } });
    expect(bench.journal.at(-1)).toBe('step-ended unknown');
  });

  it('ends a step that was prepared and is withdrawn, by what its attempts left', async () => {
    const bench = new StepsBench();
    bench.ask('charge', failing(busy).body, { retry });
    bench.ask('refund', failing(lost).body, { retry });
    await bench.drive();
    bench.clock.advance(100);
    for (const ask of bench.steps.prepare(bench.steps.takeFresh(), undefined)) bench.steps.withdraw(ask, new Error('stopped'));
    expect(bench.journal.slice(2)).toEqual(['step-ended cancelled', 'step-ended unknown']);
  });
});

describe('a run that is handed back', () => {
  it('leaves a step between attempts to the next load, and no timer', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('charge', failing(busy).body, { retry });
    await bench.drive();
    await bench.handBack();
    expect([answer.status, bench.clock.pending]).toEqual(['pending', 0]);
    expect(bench.journal).toEqual(['step-attempted failed']);
    await bench.advance(1000);
    expect(bench.steps.hasFresh).toBe(false);
  });

  it('sets no timer for an attempt that ends after that', async () => {
    const bench = new StepsBench();
    const held = new HeldBody();
    bench.ask('charge', held.body, { retry });
    await bench.drive();
    bench.steps.stop();
    held.reject(busy);
    await bench.drive();
    expect([bench.journal, bench.clock.pending]).toEqual([['step-attempted failed'], 0]);
  });

  it('keeps of the attempt under way what was recorded of those before', async () => {
    const bench = new StepsBench();
    const held = new HeldBody();
    bench.ask('charge', held.body, { retry });
    await bench.drive();
    held.reject(busy);
    await bench.drive();
    await bench.advance(100);
    await bench.handBack();
    const next = bench.reload();
    const { body, calls } = failing();
    next.ask('charge', body, { retry });
    await next.drive();
    expect(calls.map(({ attempt }) => attempt)).toEqual([2]);
  });
});

describe('a run with retries, cut off after any of its records', () => {
  const folder = journalFolder();

  /** A charge whose first attempt fails and whose second has no reply, and a booking that fails twice. */
  function program() {
    const attempts: string[] = [];
    const counted = (name: string, errors: readonly unknown[]) => ({
      branch: 'execution',
      name,
      retry: { attemptsMax: 3, backoffMs: 0 },
      body: (_input: unknown, { attempt }: Call): string => {
        attempts.push(`${name} ${attempt}`);
        if (errors[attempt - 1]) throw errors[attempt - 1];
        return `${name} done`;
      },
    });
    const code: Code = async (run) => [
      await run.step({ ...counted('charge', [busy, lost]), effect: 'once', probe: () => 'charged all the same' }),
      await run.step({ ...counted('book', [lost, busy]), effect: 'idempotent', undoable: true }),
    ];
    return { code, attempts };
  }

  it('ends the same, and makes no attempt again that is on record', async () => {
    const file = join(folder, 'whole.db');
    const whole = program();
    const first = await openEngine(file, whole.code);
    const handle = await begin(first);
    const result = await resultOf(handle);
    const { records } = await first.history(handle.id);
    await first.close();
    expect(result).toEqual(['charged all the same', 'book done']);
    expect(whole.attempts).toEqual(['charge 1', 'charge 2', 'book 1', 'book 2', 'book 3']);
    for (let kept = 1; kept < records.length; kept += 1) {
      const copy = join(folder, `${kept}.db`);
      cutJournal(file, copy, kept);
      const { code, attempts } = program();
      const engine = await openEngine(copy, code);
      expect(await resultOf(await engine.resume(handle.id))).toEqual(result);
      await engine.close();
      expect(whole.attempts.slice(whole.attempts.length - attempts.length)).toEqual(attempts);
    }
  });
});
