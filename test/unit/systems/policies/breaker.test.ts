import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { Backoff } from '../../../../src/engine/run/Backoff.js';
import {
  CancelledError,
  CommandFailure,
  InvariantViolation,
  OutcomeUnknownError,
  TimeoutError,
  TransientError,
  UsageError,
} from '../../../../src/kernel/errors.js';
import { ManualClock } from '../../../support/ManualClock.js';
import { ProcessClock, VirtualTime } from '../../../support/VirtualTime.js';
import { type Attempt, cancelled, late, PolicedRates, Rates, settled } from './PolicedRates.js';

const POLICY = { breaker: { failuresMax: 2, openMs: 30_000 } };
const down = new TransientError('CHANNEL_UNREACHABLE', 'nobody is there');
const refused = new CommandFailure('SYSTEM_REFUSED', 'no such currency');
const answer = { output: { value: 1 } };
const open = expect.objectContaining({ code: 'BREAKER_OPEN' });

async function opened(policy = POLICY): Promise<PolicedRates> {
  const service = new PolicedRates(policy);
  for (let count = 0; count < policy.breaker.failuresMax; count += 1) await service.ended({ error: down });
  return service;
}

async function onTrial(): Promise<{ service: PolicedRates; trial: Attempt }> {
  const service = await opened();
  service.clock.advance(30_000);
  return { service, trial: await service.attempt() };
}

describe('a breaker that is closed', () => {
  it('opens after so many failures in a row, and then refuses without calling, with when to come back', async () => {
    const service = await opened();
    service.clock.advance(1000);
    const { outcome } = await service.attempt();
    expect(service.rates.asked).toHaveLength(2);
    expect(outcome).toBeInstanceOf(TransientError);
    expect(outcome).toMatchObject({
      code: 'BREAKER_OPEN',
      message: 'rates.look is not called until 2026-01-01T00:00:30.000Z: it failed 2 times in a row, last with: nobody is there',
      details: { system: 'rates', operation: 'look', retryAfterMs: 29_000, failures: 2, lastError: 'nobody is there' },
    });
  });

  it('hands errors and outputs on as they are', async () => {
    const service = new PolicedRates(POLICY);
    expect((await service.ended({ error: down })).outcome).toBe(down);
    expect((await service.ended(answer)).outcome).toBe(answer.output);
  });

  it.each([
    ['an answer', answer],
    ['a definite no', { error: refused }],
    ['a refusal of a class of the application', { error: new (class Declined extends CommandFailure {})('SYSTEM_REFUSED', 'no') }],
  ])('begins to count anew after %s', async (_what, how) => {
    const service = new PolicedRates(POLICY);
    for (const next of [{ error: down }, how, { error: down }]) await service.ended(next);
    expect(service.standing()?.breaker).toEqual({ state: 'closed', failures: 1, lastError: 'nobody is there' });
  });

  it.each([
    ['a mistake in the code', new UsageError('CHANNEL_INVALID', 'no way')],
    ['a defect of ours', new InvariantViolation('RECORD_UNKNOWN', 'what?')],
    ['a cancellation', new CancelledError('RUN_CANCELLED', 'stop')],
  ])('counts %s neither as a failure nor as an answer', async (_what, error) => {
    const service = new PolicedRates(POLICY);
    for (const next of [down, error, error]) await service.ended({ error: next });
    expect(service.standing()?.breaker).toMatchObject({ state: 'closed', failures: 1 });
  });

  it.each([
    ['a lost reply', new OutcomeUnknownError('REPLY_LOST', 'reset')],
    ['a time limit of the system', new TimeoutError('JOIN_TIMED_OUT', 'late')],
    ['an error of any class', new TypeError('fetch failed')],
    ['something that is no error', 'broken'],
  ])('counts %s', async (_what, error) => {
    const service = new PolicedRates(POLICY);
    for (const next of [down, error]) await service.ended({ error: next });
    expect(service.standing()?.breaker).toMatchObject({ state: 'open', failures: 2 });
  });

  it.each([
    ['the run is cancelled', cancelled],
    ['the run is handed back', new TransientError('RUN_HANDED_BACK', 'the engine closed')],
    ['the time of the run is up', new TimeoutError('DEADLINE_PASSED', 'too late')],
  ])('counts an attempt as nothing that was aborted because %s', async (_what, reason) => {
    const service = new PolicedRates(POLICY);
    await service.ended({ error: down });
    const attempt = await service.attempt();
    attempt.abort(reason);
    await settled();
    expect(attempt.outcome).toBe(reason);
    expect(service.standing()?.breaker).toMatchObject({ state: 'closed', failures: 1 });
  });

  it('counts an attempt whose own time was up as soon as it is, also where the method does not heed it', async () => {
    const service = new PolicedRates(POLICY);
    service.rates.deaf = true;
    const attempts = [await service.attempt(), await service.attempt()];
    for (const attempt of attempts) attempt.abort(late);
    expect(service.standing()?.breaker).toMatchObject({ state: 'open', failures: 2, lastError: late.message });
    service.rates.asked[0]?.fail(down);
    await settled();
    expect(service.standing()?.breaker).toMatchObject({ failures: 2 });
  });

  it('does not call for somebody who was aborted before, and leaves no listener behind', async () => {
    const service = new PolicedRates(POLICY);
    expect((await service.attempt('EUR', { aborted: true })).outcome).toBe(cancelled);
    expect(service.rates.asked).toEqual([]);
    service.rates.deaf = true;
    const { signal } = await service.ended(answer);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is that of one operation of one instance, for all who use it', async () => {
    const service = await opened();
    const other = await service.attempt('EUR', { operation: 'guess' });
    const elsewhere = await service.attempt('EUR', { rates: new Rates() });
    const otherEngine = await service.attempt('EUR', { clock: new ManualClock() });
    expect([other.outcome, elsewhere.outcome, otherEngine.outcome]).toEqual(['pending', 'pending', open]);
  });
});

describe('a breaker that is open', () => {
  it('stays so for its time and then lets one call through, while the others are refused as if it failed', async () => {
    const service = await opened();
    service.clock.advance(29_990);
    expect((await service.attempt()).outcome).toEqual(open);
    expect(service.standing()?.breaker).toMatchObject({ state: 'open', opensUntil: new Date(Date.UTC(2026, 0, 1, 0, 0, 30)) });
    service.clock.advance(10);
    expect(service.standing()?.breaker).toEqual({ state: 'half-open', failures: 2, lastError: 'nobody is there' });
    const attempts = await Promise.all([service.attempt(), service.attempt(), service.attempt()]);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['pending', open, open]);
    expect(attempts[1]?.outcome).toMatchObject({ details: { retryAfterMs: 30_000 } });
    expect(service.rates.asked).toHaveLength(3);
  });

  it('has a retry wait until it lets a call through', async () => {
    const service = await opened();
    service.clock.advance(12_345);
    const { outcome } = await service.attempt();
    const backoff = Backoff.of('rates.look', { attemptsMax: 2, backoffMs: 10 }, false);
    expect(backoff.repeats(outcome)).toBe(true);
    service.clock.advance(backoff.waitMs(1, outcome, () => 0));
    expect((await service.attempt()).outcome).toBe('pending');
  });

  it('lets a call through whose timer came a millisecond early, as timers do, and none that came earlier', async () => {
    const service = await opened();
    service.clock.advance(29_998);
    expect((await service.attempt()).outcome).toMatchObject({ details: { retryAfterMs: 2 } });
    service.clock.advance(1);
    expect((await service.attempt()).outcome).toBe('pending');
  });

  it('is not opened again or closed by calls that began before', async () => {
    const service = new PolicedRates(POLICY);
    const slow = [await service.attempt(), await service.attempt()];
    const begun = [...service.rates.asked];
    for (let count = 0; count < 2; count += 1) await service.ended({ error: down });
    service.clock.advance(20_000);
    begun[0]?.fail(new Error('late'));
    begun[1]?.answer({ value: 1 });
    await settled();
    expect(slow.map(({ outcome }) => outcome)).toEqual([expect.objectContaining({ message: 'late' }), { value: 1 }]);
    expect(service.standing()?.breaker).toMatchObject({ state: 'open', failures: 2, lastError: 'nobody is there' });
    service.clock.advance(10_000);
    expect((await service.attempt()).outcome).toBe('pending');
  });

  it('does not stay so longer than its time when the clock is put back', async () => {
    const clock = new ProcessClock(new VirtualTime());
    const service = new PolicedRates(POLICY);
    for (let count = 0; count < 2; count += 1) await service.ended({ error: down }, { clock });
    clock.offsetMs = -86_400_000;
    expect((await service.attempt('EUR', { clock })).outcome).toMatchObject({ details: { retryAfterMs: 30_000 } });
    clock.offsetMs += 30_000;
    expect((await service.attempt('EUR', { clock })).outcome).toBe('pending');
  });

  it('goes by the clock of whoever asks, so that an engine whose clock stands does not hold up another', async () => {
    const service = await opened();
    const clock = new ManualClock(0);
    expect((await service.attempt('EUR', { clock })).outcome).toEqual(open);
    clock.advance(30_000);
    expect((await service.attempt('EUR', { clock })).outcome).toBe('pending');
  });

  it('does not take it for time that the clock of another engine is ahead', async () => {
    const service = await opened();
    const clock = new ManualClock(Date.UTC(2030, 0, 1));
    expect((await service.attempt('EUR', { clock })).outcome).toMatchObject({ details: { retryAfterMs: 30_000 } });
  });
});

describe('a trial', () => {
  it('that is answered closes the breaker, and counting begins anew', async () => {
    const { service } = await onTrial();
    service.last.answer({ value: 1 });
    await settled();
    expect(service.standing()?.breaker).toEqual({ state: 'closed', failures: 0 });
    expect((await service.ended({ error: down })).outcome).toBe(down);
    expect((await service.attempt()).outcome).toBe('pending');
  });

  it('that is refused with a definite no closes it as well', async () => {
    const { service } = await onTrial();
    service.last.fail(refused);
    await settled();
    expect(service.standing()?.breaker).toMatchObject({ state: 'closed' });
  });

  it('that fails opens it for the whole time from then on', async () => {
    const { service } = await onTrial();
    service.clock.advance(5000);
    service.last.fail(new TypeError('still down'));
    await settled();
    expect(service.standing()?.breaker).toMatchObject({ state: 'open', failures: 3, lastError: 'still down' });
    service.clock.advance(29_000);
    expect((await service.attempt()).outcome).toEqual(open);
    service.clock.advance(1000);
    expect((await service.attempt()).outcome).toBe('pending');
  });

  it('whose own time is up opens it', async () => {
    const { service, trial } = await onTrial();
    trial.abort(late);
    expect(service.standing()?.breaker).toMatchObject({ state: 'open', failures: 3 });
  });

  it.each([false, true])('that is aborted with its run leaves the next call to be the trial (the method is deaf: %p)', async (deaf) => {
    const service = await opened();
    service.clock.advance(30_000);
    service.rates.deaf = deaf;
    const trial = await service.attempt();
    trial.abort(cancelled);
    const [next, third] = await Promise.all([service.attempt(), service.attempt()]);
    expect([next.outcome, third.outcome]).toEqual(['pending', open]);
    service.rates.asked[2]?.answer({ value: 1 }); // The aborted one after all: it does not decide.
    await settled();
    expect(service.standing()?.breaker?.state).toBe('half-open');
    service.last.answer({ value: 1 });
    await settled();
    expect(service.standing()?.breaker?.state).toBe('closed');
  });

  it('that ends with a mistake in the code leaves the next call to be the trial', async () => {
    const { service } = await onTrial();
    service.last.fail(new UsageError('CHANNEL_INVALID', 'no way'));
    await settled();
    expect((await service.attempt()).outcome).toBe('pending');
  });

  it.each([{ error: down }, answer])('is not what a call from before the breaker opened counts for: %p', async (how) => {
    const service = new PolicedRates({ breaker: { failuresMax: 1, openMs: 10 } });
    await service.attempt();
    const old = service.last;
    await service.ended({ error: down });
    service.clock.advance(10);
    await service.attempt();
    if ('error' in how) old.fail(how.error);
    else old.answer(how.output);
    await settled();
    expect(service.standing()?.breaker).toMatchObject({ state: 'half-open', failures: 1 });
    expect((await service.attempt()).outcome).toEqual(open);
  });

  it('is not what a call from before the breaker closed again counts for', async () => {
    const service = new PolicedRates({ breaker: { failuresMax: 1, openMs: 10 } });
    await service.attempt();
    const old = service.last;
    await service.ended({ error: down });
    service.clock.advance(10);
    await service.ended(answer);
    old.fail(down);
    await settled();
    expect(service.standing()?.breaker).toEqual({ state: 'closed', failures: 0 });
  });
});

it('a breaker says in the log of the call that did it when it opens, and when it closes', async () => {
  const { service } = await onTrial();
  service.last.fail(down);
  await settled();
  service.clock.advance(30_000);
  await service.ended(answer);
  expect(service.lines).toEqual([
    'warn rates.look failed 2 times in a row and is not called for 30000 ms: nobody is there',
    'warn rates.look failed on trial and is not called for 30000 ms: nobody is there',
    'info rates.look answers again, so it is called as before.',
  ]);
});

/** What a breaker does, told as simply as possible: by what happened since it last opened or closed. */
class Model {
  private inARow = 0;
  private openedAt: number | undefined;
  private trial: number | undefined;
  /** The calls that count, by number. */
  private counting = new Set<number>();

  constructor(
    private readonly failuresMax: number,
    private readonly openMs: number,
  ) {}

  /** @returns whether it is let through */
  call(number: number, now: number): boolean {
    if (this.openedAt !== undefined) {
      if (this.trial !== undefined || now - this.openedAt < this.openMs - 1) return false;
      this.trial = number;
    }
    this.counting.add(number);
    return true;
  }

  end(number: number, says: 'answered' | 'failed' | 'nothing', now: number): void {
    if (!this.counting.delete(number)) return;
    const wasTrial = this.trial === number;
    if (wasTrial) this.trial = undefined;
    if (says === 'answered') this.inARow = 0;
    if (says === 'answered' && wasTrial) this.change(undefined);
    if (says === 'failed') this.inARow += 1;
    if (says === 'failed' && (wasTrial || this.inARow >= this.failuresMax)) this.change(now);
  }

  private change(openedAt: number | undefined): void {
    this.openedAt = openedAt;
    this.counting.clear();
  }

  get state(): string {
    return `${this.openedAt === undefined ? 'closed' : 'not closed'}, ${this.inARow} failures`;
  }
}

it('a breaker does what a simple model of it does, whatever happens in whichever order', async () => {
  const ends = { answer: 'answered', refuse: 'answered', fail: 'failed', late: 'failed', cancel: 'nothing', misuse: 'nothing' } as const;
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.constant({ does: 'call' as const }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.constantFrom(1, 4, 9, 10, 25) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        does: fc.constantFrom(...(Object.keys(ends) as (keyof typeof ends)[]), 'fail' as const, 'fail' as const),
        which: fc.nat(50),
      }),
    },
  );
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 3 }),
    fc.array(action, { maxLength: 60 }),
    fc.boolean(),
    async (failuresMax, actions, deaf) => {
      const service = new PolicedRates({ breaker: { failuresMax, openMs: 10 } });
      service.rates.deaf = deaf;
      const model = new Model(failuresMax, 10);
      const calls: { readonly attempt: Attempt; readonly number: number }[] = [];
      for (const step of actions) {
        if (step.does === 'wait') service.clock.advance(step.ms);
        else if (step.does === 'call') {
          const number = calls.length;
          const before = service.rates.asked.length;
          const isThrough = model.call(number, service.clock.now());
          const attempt = await service.attempt();
          calls.push({ attempt, number: service.rates.asked.length - 1 });
          expect(service.rates.asked.length - before).toBe(isThrough ? 1 : 0);
          expect(attempt.outcome).toEqual(isThrough ? 'pending' : open);
        } else {
          const index = step.which % Math.max(calls.length, 1);
          const call = calls[index];
          if (call?.attempt.outcome !== 'pending') continue;
          const asked = service.rates.asked[call.number];
          if (step.does === 'answer') asked?.answer({ value: 1 });
          else if (step.does === 'late' || step.does === 'cancel') call.attempt.abort(step.does === 'late' ? late : cancelled);
          else asked?.fail({ refuse: refused, fail: down, misuse: new UsageError('CHANNEL_INVALID', 'no way') }[step.does]);
          await settled();
          model.end(index, ends[step.does], service.clock.now());
        }
        const { state = 'closed', failures = 0 } = service.standing()?.breaker ?? {};
        expect(`${state === 'closed' ? 'closed' : 'not closed'}, ${failures} failures`).toBe(model.state);
      }
    },
  );
  await fc.assert(property, { numRuns: 800 });
});
