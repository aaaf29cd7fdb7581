import type { StepRequest } from '../../../src/abstract/DurableRun.js';
import type { Call } from '../../../src/kernel/Call.js';
import { OutcomeUnknownError, TransientError } from '../../../src/kernel/errors.js';
import { whereabouts } from '../../../src/kernel/whereabouts.js';
import { HeldBody, type StepAskOptions, StepsBench } from '../../support/stepsBench.js';

const lost = new OutcomeUnknownError('OUTCOME_UNKNOWN', 'the line was cut');
const busy = new TransientError('STEP_NOT_DONE', 'busy');
type Probe = NonNullable<StepRequest<unknown>['probe']>;

/** A probe that gives these answers one after the other, the last again and again; an error is thrown. */
function answering(...answers: readonly unknown[]) {
  const calls: Call[] = [];
  const probe: Probe = (_input, call) => {
    calls.push(call);
    const answer = answers[Math.min(calls.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { calls, probe };
}

function once(probe: Probe, options: StepAskOptions = {}): StepAskOptions {
  return { effect: 'once', probe, ...options };
}

/** A load after a crash in the first attempt of a step that is done once. */
async function crashed(options: StepAskOptions = {}): Promise<StepsBench> {
  const bench = new StepsBench();
  bench.ask(
    'charge',
    new HeldBody().body,
    once(() => undefined, options),
  );
  await bench.drive();
  expect(bench.journal).toEqual(['step-intended']);
  return bench.reload();
}

describe('the probe of a step whose process ended under way', () => {
  it('is asked once the deadline of the attempt has passed, and its answer is the outcome', async () => {
    const bench = await crashed({ timeoutMs: 1000 });
    const { probe, calls } = answering('receipt');
    const held = new HeldBody();
    const answer = bench.ask('charge', held.body, once(probe, { timeoutMs: 1000 }));
    await bench.drive();
    expect(bench.steps.waits()).toEqual([{ what: 'retry', name: 'charge', until: bench.clock.now() + 1000 }]);
    await bench.advance(999);
    expect(calls).toEqual([]);
    await bench.advance(1);
    expect(answer).toEqual({ status: 'resolved', value: 'receipt' });
    expect([calls.length, held.calls.length]).toEqual([1, 0]);
    expect(bench.journal).toEqual(['step-intended', 'step-ended succeeded']);
    expect(bench.steps.unsettled).toEqual([]);
  });

  it('is asked at once where no deadline is known: nobody is at it any more', async () => {
    const bench = await crashed();
    const answer = bench.ask('charge', new HeldBody().body, once(answering('receipt').probe));
    await bench.drive();
    expect(answer.status).toBe('resolved');
  });

  it('lets the step begin again when it says that it did not happen, with a new intent and the next number', async () => {
    const bench = await crashed();
    const held = new HeldBody();
    const answer = bench.ask('charge', held.body, once(answering(undefined).probe));
    await bench.drive();
    expect(bench.journal).toEqual(['step-intended', 'step-attempted failed', 'step-intended']);
    expect(held.calls.map(({ attempt }) => attempt)).toEqual([2]);
    held.resolve('done');
    await bench.drive();
    expect(answer).toEqual({ status: 'resolved', value: 'done' });
  });

  it('has the key of the attempts, is inside a step and has a signal', async () => {
    const bench = await crashed();
    let seen: { key: string; at: string; aborted: boolean; attempt: number } | undefined;
    const probe: Probe = (_input, { key, signal, attempt }) => {
      seen = { key, at: whereabouts(), aborted: signal.aborted, attempt };
      return 'receipt';
    };
    bench.ask('charge', new HeldBody().body, once(probe));
    await bench.drive();
    expect(seen).toEqual({ key: `run-1/${bench.records[0]?.step}`, at: 'in-step', aborted: false, attempt: 1 });
  });

  it('asks about the attempt that was lost, not about the one before that failed', async () => {
    const bench = new StepsBench();
    const held = new HeldBody();
    const retry = { attemptsMax: 3, backoffMs: 100, jitter: 0 };
    bench.ask(
      'charge',
      held.body,
      once(() => undefined, { retry }),
    );
    await bench.drive();
    held.reject(busy);
    await bench.drive();
    await bench.advance(100);
    const next = bench.reload();
    const { probe, calls } = answering(undefined);
    const again = new HeldBody();
    next.ask('charge', again.body, once(probe, { retry }));
    await next.drive();
    expect(calls.map(({ attempt }) => attempt)).toEqual([2]);
    expect(again.calls.map(({ attempt }) => attempt)).toEqual([3]);
  });
});

describe('a probe that does not answer', () => {
  it('is asked three times, ever later, and then the outcome is unknown', async () => {
    const bench = await crashed();
    const { probe, calls } = answering(busy);
    const answer = bench.ask('charge', new HeldBody().body, once(probe));
    await bench.drive();
    expect(calls).toHaveLength(1);
    await bench.advance(50);
    expect(calls).toHaveLength(2);
    await bench.advance(99);
    expect(calls).toHaveLength(2);
    await bench.advance(1);
    expect(calls).toHaveLength(3);
    expect(answer).toMatchObject({ status: 'rejected', value: { code: 'OUTCOME_UNKNOWN', cause: { message: 'busy' } } });
    expect(bench.journal).toEqual(['step-intended', 'step-attempted unknown', 'step-attempted unknown', 'step-ended unknown']);
    expect(bench.steps.unsettled).toEqual(['charge']);
  });

  it('is asked as often as the policy of the step says', async () => {
    const bench = await crashed();
    const { probe, calls } = answering(busy);
    bench.ask('charge', new HeldBody().body, once(probe, { retry: { attemptsMax: 2 } }));
    await bench.drive();
    for (let second = 0; second < 10; second += 1) await bench.advance(1000);
    expect(calls).toHaveLength(2);
  });

  it('is counted on over a crash', async () => {
    const bench = await crashed();
    bench.ask('charge', new HeldBody().body, once(answering(busy).probe));
    await bench.drive();
    await bench.advance(50);
    const next = bench.reload();
    const { probe, calls } = answering(busy);
    const answer = next.ask('charge', new HeldBody().body, once(probe));
    await next.drive();
    expect(calls).toEqual([]);
    await next.advance(100);
    expect([calls.length, answer.status]).toEqual([1, 'rejected']);
  });

  it('is given up after the time of the step, or a minute', async () => {
    for (const [options, limitMs] of [[{ timeoutMs: 500 }, 500] as const, [{}, 60_000] as const]) {
      const bench = await crashed();
      const held = new HeldBody();
      bench.ask('charge', new HeldBody().body, once(held.body, options));
      await bench.drive();
      await bench.advance(limitMs - 1);
      expect(bench.journal).toEqual(['step-intended']);
      await bench.advance(1);
      expect(bench.journal).toEqual(['step-intended', 'step-attempted unknown']);
    }
  });

  it('that gives what the journal cannot carry leaves the outcome unknown: it is not done again', async () => {
    const bench = await crashed();
    const held = new HeldBody();
    const answer = bench.ask('charge', held.body, once(answering(() => 'a function').probe, { retry: { attemptsMax: 3, on: [Error] } }));
    await bench.drive();
    expect(answer).toMatchObject({ value: { code: 'OUTCOME_UNKNOWN', cause: { code: 'VALUE_NOT_CARRIED' } } });
    expect(held.calls).toEqual([]);
  });
});

describe('an attempt whose outcome is lost in a live process', () => {
  it('is asked about after its deadline, though it ended before', async () => {
    const bench = new StepsBench();
    const held = new HeldBody();
    const { probe, calls } = answering('receipt');
    const answer = bench.ask('charge', held.body, once(probe, { timeoutMs: 1000 }));
    await bench.drive();
    expect(bench.bodies('step-intended')).toEqual([{ deadline: bench.clock.now() + 1000 }]);
    held.reject(lost);
    await bench.drive();
    expect(bench.bodies('step-attempted')).toMatchObject([{ dueAt: bench.clock.now() + 1000 }]);
    await bench.advance(999);
    expect([calls.length, bench.steps.active, bench.steps.resting]).toEqual([0, false, true]);
    await bench.advance(1);
    expect(answer).toEqual({ status: 'resolved', value: 'receipt' });
    expect(bench.journal).toEqual(['step-intended', 'step-attempted unknown', 'step-ended succeeded']);
    expect(bench.steps.statistics()[0]).not.toHaveProperty('attempts');
  });

  it('ends when its record says, however late it began', async () => {
    const bench = new StepsBench();
    const held = new HeldBody();
    bench.ask('charge', held.body, { effect: 'once', timeoutMs: 1000 });
    const asks = bench.steps.prepare(bench.steps.takeFresh(), undefined);
    const deadline = bench.clock.now() + 1000;
    bench.clock.advance(300);
    for (const ask of asks) bench.steps.start(ask);
    await bench.advance(700);
    expect(held.calls).toMatchObject([{ deadline }]);
    expect(bench.journal).toEqual(['step-intended', 'step-ended unknown']);
  });

  it('is asked about only when its body has ended or was given up', async () => {
    const bench = new StepsBench();
    const { probe, calls } = answering('receipt');
    const answer = bench.ask('charge', new HeldBody(false).body, once(probe, { timeoutMs: 1000 }));
    await bench.drive();
    await bench.advance(1049);
    expect(calls).toEqual([]);
    await bench.advance(1);
    expect(answer.status).toBe('resolved');
  });

  it('is asked about in the next process when this one ends before', async () => {
    const bench = new StepsBench();
    const held = new HeldBody();
    bench.ask(
      'charge',
      held.body,
      once(() => undefined, { timeoutMs: 1000 }),
    );
    await bench.drive();
    held.reject(lost);
    await bench.drive();
    const next = bench.reload();
    const { probe, calls } = answering(undefined);
    const again = new HeldBody();
    next.ask('charge', again.body, once(probe, { timeoutMs: 1000 }));
    await next.drive();
    expect(calls).toEqual([]);
    await next.advance(1000);
    expect(calls.map(({ attempt }) => attempt)).toEqual([1]);
    expect(again.calls.map(({ attempt }) => attempt)).toEqual([2]);
  });

  it('is tried one more time than the policy says when it surely did not happen, and no more', async () => {
    const bench = new StepsBench();
    const { probe } = answering(undefined);
    let begun = 0;
    const body = () => {
      begun += 1;
      throw lost;
    };
    const answer = bench.ask('charge', body, once(probe));
    await bench.drive();
    await bench.advance(60_000);
    expect(begun).toBe(2);
    expect(answer).toMatchObject({ status: 'rejected', value: { code: 'STEP_NOT_DONE' } });
    expect(bench.journal.at(-1)).toBe('step-ended failed');
    expect(bench.steps.unsettled).toEqual([]);
  });
});

describe('a step that is asked for again after its outcome was lost', () => {
  it('is looked into by the probe that the mended code has', async () => {
    const bench = new StepsBench();
    const first = bench.ask(
      'charge',
      () => {
        throw lost;
      },
      { effect: 'once' },
    );
    await bench.drive();
    expect([first.status, bench.steps.unsettled]).toEqual(['rejected', ['charge']]);
    const again = bench.ask('charge', new HeldBody().body, once(answering('receipt').probe));
    await bench.drive();
    expect([again.status, bench.steps.unsettled]).toEqual(['resolved', []]);
  });

  it('waits for the deadline of the lost attempt, and begins again when it did not happen', async () => {
    const bench = new StepsBench();
    const held = new HeldBody();
    bench.ask('charge', held.body, { effect: 'once', timeoutMs: 1000 });
    await bench.drive();
    held.reject(lost);
    await bench.drive();
    const { probe, calls } = answering(undefined);
    bench.ask('charge', held.body, once(probe));
    await bench.advance(999);
    expect(calls).toEqual([]);
    await bench.advance(1);
    expect([calls.length, held.calls.length]).toEqual([1, 2]);
    expect(bench.journal.slice(2)).toEqual(['step-attempted failed', 'step-intended']);
  });
});

describe('a probe in a run that is stopped', () => {
  async function stopped(probe: Probe): Promise<StepsBench> {
    const bench = new StepsBench();
    bench.ask('charge', new HeldBody().body, once(probe, { timeoutMs: 1000 }));
    await bench.drive();
    await bench.cancel();
    expect(bench.journal).toEqual(['step-intended', 'step-attempted unknown']);
    return bench;
  }

  it('still finds out what became of the aborted attempt, once its deadline has passed', async () => {
    const bench = await stopped(answering('receipt').probe);
    await bench.cancel('really');
    await bench.advance(1000);
    expect(bench.journal.at(-1)).toBe('step-ended succeeded');
  });

  it('ends the step as cancelled when it did not happen', async () => {
    const bench = await stopped(answering(undefined).probe);
    await bench.advance(1000);
    expect(bench.journal.at(-1)).toBe('step-ended cancelled');
    expect(bench.steps.unsettled).toEqual([]);
  });

  it('is not aborted by the stop, and is by a hand-back', async () => {
    const bench = await crashed();
    const held = new HeldBody();
    bench.ask('charge', new HeldBody().body, once(held.body));
    await bench.drive();
    await bench.cancel();
    expect([bench.steps.active, bench.journal]).toEqual([true, ['step-intended']]);
    await bench.handBack();
    expect([bench.steps.active, bench.journal]).toEqual([false, ['step-intended']]);
  });

  it('is begun after all when it was prepared before the stop', async () => {
    const bench = await crashed();
    const answer = bench.ask('charge', new HeldBody().body, once(answering('receipt').probe));
    for (const ask of bench.steps.prepare(bench.steps.takeFresh(), undefined)) bench.steps.withdraw(ask, new Error('stopped'));
    await bench.cancel();
    expect(answer.status).toBe('resolved');
  });
});
