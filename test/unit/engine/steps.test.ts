import { handedBack } from '../../../src/engine/handBack.js';
import { judgeEnd, judgeFrontier } from '../../../src/engine/run/divergence.js';
import type { Effect } from '../../../src/kernel/Call.js';
import { CommandFailure, OutcomeUnknownError, TransientError } from '../../../src/kernel/errors.js';
import { HeldBody, type StepAskOptions, StepsBench } from '../../support/stepsBench.js';

const busy = new TransientError('STEP_NOT_DONE', 'busy');
const refused = new CommandFailure('GATE_FAILED', 'no money');
const lost = new OutcomeUnknownError('OUTCOME_UNKNOWN', 'the line was cut');

function throwing(error: unknown) {
  return (): never => {
    throw error;
  };
}

describe('a step that can be undone', () => {
  const undoable: StepAskOptions = { undoable: true, retry: { attemptsMax: 3, backoffMs: 100, jitter: 0 } };

  it('has one intent on record before its first attempt', async () => {
    const bench = new StepsBench();
    const held = new HeldBody();
    bench.ask('reserve', held.body, { ...undoable, timeoutMs: 1000 });
    await bench.drive();
    expect(bench.records).toMatchObject([{ kind: 'step-intended', label: 'reserve', effect: 'idempotent', body: null }]);
    held.reject(busy);
    await bench.drive();
    await bench.advance(100);
    held.resolve('held');
    await bench.drive();
    expect(bench.journal).toEqual(['step-intended', 'step-attempted failed', 'step-ended succeeded']);
    expect(bench.steps.unsettled).toEqual([]);
  });

  it('is simply done again with the same key after a crash', async () => {
    const bench = new StepsBench();
    const first = new HeldBody();
    bench.ask('reserve', first.body, undoable);
    await bench.drive();
    const next = bench.reload();
    const second = new HeldBody();
    next.ask('reserve', second.body, undoable);
    await next.drive();
    expect(second.calls[0]?.key).toBe(first.calls[0]?.key);
    expect(next.journal).toEqual(['step-intended']);
  });

  it('is unsettled while its last outcome is unknown', async () => {
    const bench = new StepsBench();
    let reply: 'lost' | 'held' = 'lost';
    const body = () => (reply === 'lost' ? throwing(lost)() : reply);
    bench.ask('reserve', body, { undoable: true });
    await bench.drive();
    expect(bench.steps.unsettled).toEqual(['reserve']);
    expect(bench.reload().steps.unsettled).toEqual(['reserve']);
    reply = 'held';
    bench.ask('reserve', body, { undoable: true });
    await bench.drive();
    expect([bench.steps.unsettled, bench.reload().steps.unsettled]).toEqual([[], []]);
  });

  it('is unknown when the run was stopped after the process had ended in the middle of it', async () => {
    const bench = new StepsBench();
    bench.ask('reserve', new HeldBody().body, undoable);
    await bench.drive();
    const next = bench.reload();
    const answer = next.ask('reserve', new HeldBody().body, undoable);
    await next.cancel();
    expect(answer).toMatchObject({ value: { code: 'OUTCOME_UNKNOWN' } });
    expect(next.steps.unsettled).toEqual(['reserve']);
  });

  it('stays unknown when the run is stopped before it is asked for again with success', async () => {
    const bench = new StepsBench();
    bench.ask('reserve', throwing(lost), { undoable: true });
    await bench.drive();
    bench.ask('reserve', new HeldBody().body, { undoable: true });
    await bench.cancel();
    expect(bench.steps.unsettled).toEqual(['reserve']);
  });
});

describe('a shielded step', () => {
  const shielded: StepAskOptions = { shielded: true, retry: { attemptsMax: 2, backoffMs: 100, jitter: 0 } };

  it('is begun although the run was stopped, and goes on through two cancellations', async () => {
    const bench = new StepsBench();
    await bench.cancel();
    const held = new HeldBody();
    const answer = bench.ask('undo reserve', held.body, shielded);
    await bench.cancel('at once');
    held.reject(busy);
    await bench.drive();
    await bench.cancel('now');
    expect(answer.status).toBe('pending');
    await bench.advance(100);
    held.resolve(undefined);
    await bench.drive();
    expect(answer.status).toBe('resolved');
    expect(bench.journal).toEqual(['step-attempted failed', 'step-ended succeeded']);
  });

  it('is begun after all when it was prepared before the stop', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('undo reserve', () => 'undone', shielded);
    for (const ask of bench.steps.prepare(bench.steps.takeFresh(), undefined)) bench.steps.withdraw(ask, new Error('stopped'));
    await bench.cancel();
    expect(answer.status).toBe('resolved');
  });

  it('is not bound to the time of the run', async () => {
    const until = new StepsBench().clock.now() + 10;
    const bench = new StepsBench(undefined, [], { until: () => until });
    const held = new HeldBody();
    bench.ask('undo reserve', held.body, shielded);
    await bench.drive();
    expect(held.calls).toMatchObject([{ deadline: undefined }]);
    held.reject(busy);
    await bench.drive();
    expect(bench.steps.resting).toBe(true);
  });

  it('takes whatever goes wrong for a failed attempt, an unknown outcome of `once` included', async () => {
    const bench = new StepsBench();
    const errors = [lost, refused];
    const body = () => {
      const error = errors.shift();
      if (error) throw error;
      return 'undone';
    };
    const answer = bench.ask('undo reserve', body, { ...shielded, effect: 'once', retry: { attemptsMax: 3, backoffMs: 0 } });
    await bench.drive();
    expect(answer).toEqual({ status: 'resolved', value: 'undone' });
    expect(bench.journal).toEqual(['step-attempted unknown', 'step-attempted failed', 'step-ended succeeded']);
  });

  it('leaves the run to a person instead of failing, and is tried as often again on the next load', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('undo reserve', throwing(busy), shielded);
    await bench.drive();
    await bench.advance(100);
    expect(answer.status).toBe('pending');
    expect(bench.stuck).toMatchObject([{ code: 'UNDO_FAILED', details: { step: 'undo reserve' }, cause: { message: 'busy' } }]);
    expect(bench.stuck[0]?.message).toContain('busy');
    expect(bench.journal).toEqual(['step-attempted failed', 'step-attempted failed']);
    expect(bench.bodies<{ dueAt: number }>('step-attempted').at(-1)?.dueAt).toBe(bench.clock.now());
    const next = bench.reload();
    const held = new HeldBody();
    next.ask('undo reserve', held.body, shielded);
    await next.drive();
    held.reject(busy);
    await next.drive();
    expect([next.stuck.length, next.steps.resting]).toEqual([0, true]);
    await next.advance(100);
    held.reject(busy);
    await next.drive();
    expect(next.stuck).toHaveLength(1);
    expect(held.calls.map(({ attempt }) => attempt)).toEqual([3, 4]);
  });

  it('is aborted by a hand-back', async () => {
    const bench = new StepsBench();
    bench.ask('undo reserve', new HeldBody().body, shielded);
    await bench.drive();
    await bench.handBack();
    expect([bench.steps.active, bench.records]).toEqual([false, []]);
  });

  it('with an outcome that cannot be kept is for a person to look at', async () => {
    const bench = new StepsBench();
    bench.ask('undo reserve', () => () => 'a function', shielded);
    await bench.drive();
    expect(bench.stuck).toMatchObject([{ cause: { code: 'VALUE_NOT_CARRIED' } }]);
  });
});

describe('a step that begins a run', () => {
  const child: StepAskOptions = { child: true };

  it('waits for that run and has its outcome', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('bill', () => 'child-7', child);
    await bench.drive();
    expect(bench.begunChildren).toEqual(['child-7']);
    expect([bench.steps.active, bench.steps.resting]).toEqual([false, true]);
    expect(bench.steps.waits()).toEqual([{ what: 'child', name: 'bill', run: 'child-7' }]);
    const [waiting] = bench.steps.children();
    expect(waiting).toMatchObject({ name: 'bill', runId: 'child-7' });
    bench.clock.advance(500);
    bench.steps.childEnded(waiting?.identity ?? '', { status: 'succeeded', body: bench.codec.encode('billed', 'a result') });
    await bench.drive();
    expect(answer).toEqual({ status: 'resolved', value: 'billed' });
    expect([bench.steps.resting, bench.steps.children()]).toEqual([false, []]);
    expect(bench.steps.statistics()).toMatchObject([{ name: 'bill', totalMs: 500 }]);
  });

  it.each(['failed', 'cancelled', 'unknown'] as const)('is %s when that run is', async (status) => {
    const bench = new StepsBench(undefined, [], {
      begun: () => undefined,
      childBegun: (identity) => bench.steps.childEnded(identity, { status, body: bench.codec.encodeError(refused) }),
    });
    const answer = bench.ask('bill', () => 'child-7', child);
    await bench.drive();
    expect(answer).toMatchObject({ status: 'rejected', value: { code: 'GATE_FAILED', message: 'no money' } });
    expect(bench.journal).toEqual([`step-ended ${status}`]);
  });

  it('tells that run to stop when its own is stopped, once, and waits for its end', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('bill', () => 'child-7', child);
    await bench.drive();
    await bench.cancel();
    await bench.cancel('again');
    expect(bench.cancelledChildren).toEqual(['child-7: enough']);
    expect([answer.status, bench.steps.resting]).toEqual(['pending', true]);
  });

  it('tells that run to stop which it has begun while its own was being stopped', async () => {
    const bench = new StepsBench();
    const held = new HeldBody(false);
    bench.ask('bill', held.body, child);
    await bench.drive();
    await bench.cancel();
    await bench.advance(10_000);
    expect(bench.steps.active).toBe(true);
    held.resolve('child-7');
    await bench.drive();
    expect([bench.begunChildren, bench.cancelledChildren]).toEqual([['child-7'], ['child-7: enough']]);
  });

  it('leaves that run alone when its own is handed back, and finds it again', async () => {
    const bench = new StepsBench();
    bench.ask('bill', () => 'child-7', child);
    await bench.drive();
    await bench.handBack();
    expect([bench.cancelledChildren, bench.records]).toEqual([[], []]);
    const next = bench.reload();
    next.ask('bill', () => 'child-7', child);
    await next.drive();
    expect(next.steps.children()).toMatchObject([{ runId: 'child-7' }]);
  });

  it('leaves that run alone also when it was begun while its own is handed back', async () => {
    const bench = new StepsBench();
    const held = new HeldBody(false);
    bench.ask('bill', held.body, child);
    await bench.drive();
    await bench.handBack();
    held.resolve('child-7');
    await bench.drive();
    expect([bench.begunChildren, bench.cancelledChildren]).toEqual([['child-7'], []]);
  });

  it('that an earlier load began is found again although its own was stopped, and only then', async () => {
    for (const [hasChild, begun] of [[true, ['child-7']] as const, [false, []] as const]) {
      const bench = new StepsBench(undefined, [], { hasChild: () => hasChild });
      const answer = bench.ask('bill', () => 'child-7', child);
      await bench.cancel();
      expect([bench.begunChildren, bench.cancelledChildren.length]).toEqual([begun, begun.length]);
      expect(answer.status).toBe(hasChild ? 'pending' : 'rejected');
    }
  });

  it('that could not be looked for is looked for again although its own was stopped', async () => {
    const bench = new StepsBench(undefined, [], { hasChild: () => true });
    bench.ask('bill', throwing(busy), { ...child, retry: { attemptsMax: 2 } });
    await bench.drive();
    await bench.cancel();
    expect(bench.steps.resting).toBe(true);
  });

  it('leaves its own run with that one which could not be waited for', async () => {
    const bench = new StepsBench();
    const error = handedBack('child-7');
    bench.ask('bill', throwing(error), child);
    await bench.drive();
    expect([bench.defects, bench.records]).toEqual([[error], []]);
  });

  it('fails when the run is refused, and is tried again by its policy when it could not be begun now', async () => {
    const bench = new StepsBench();
    const failed = bench.ask('bill', throwing(refused), child);
    const errors: unknown[] = [busy];
    const body = () => (errors.length > 0 ? throwing(errors.shift())() : 'child-8');
    bench.ask('post', body, { ...child, retry: { attemptsMax: 2, backoffMs: 0 } });
    await bench.drive();
    expect([failed.status, bench.begunChildren]).toEqual(['rejected', ['child-8']]);
  });

  it('knows nothing of the end of a run that it does not wait for', () => {
    const bench = new StepsBench();
    bench.steps.childEnded('execution/bill/0#0', { status: 'succeeded', body: 'null' });
    expect(bench.records).toEqual([]);
  });
});

describe('the outcomes of steps', () => {
  it('that failed can be told from the errors that the code made of them', async () => {
    const bench = new StepsBench();
    const answers = ['charge', 'post', 'ship'].map((name) => bench.ask(name, throwing(refused)));
    await bench.drive();
    const [charge, post, ship] = answers.map(({ value }) => value);
    const wrapped = new AggregateError([new Error('both', { cause: charge }), post]);
    const identities = bench.records.map(({ step }) => step);
    expect(bench.steps.identitiesOf(ship)).toEqual([identities[2]]);
    expect(new Set(bench.steps.identitiesOf(wrapped))).toEqual(new Set(identities.slice(0, 2)));
    expect([bench.steps.identitiesOf(new Error('its own')), bench.steps.identitiesOf(undefined)]).toEqual([[], []]);
  });

  it('are looked for in causes that lead round in a circle', () => {
    const error = new Error('round');
    error.cause = error;
    expect(new StepsBench().steps.identitiesOf(error)).toEqual([]);
  });

  it('are looked for in a thousand errors at most', async () => {
    const bench = new StepsBench();
    const answer = bench.ask('charge', throwing(refused));
    await bench.drive();
    const wrapped = (times: number) => {
      let error: unknown = answer.value;
      for (let time = 0; time < times; time += 1) error = new Error('again', { cause: error });
      return bench.steps.identitiesOf(error);
    };
    expect([wrapped(999).length, wrapped(1000).length]).toEqual([1, 0]);
  });

  it('that failed count no longer once they are superseded: the step is done anew, from its first attempt', async () => {
    const bench = new StepsBench();
    bench.ask('charge', throwing(refused));
    bench.ask('post', () => 'posted');
    await bench.drive();
    const next = bench.reload();
    for (const { step } of bench.records) next.steps.supersede(step ?? '');
    const held = new HeldBody();
    const charge = next.ask('charge', held.body);
    const post = next.ask('post', held.body);
    await next.drive();
    expect([post.status, held.calls.length, held.calls[0]?.attempt]).toEqual(['resolved', 1, 1]);
    held.resolve('charged');
    await next.drive();
    expect(charge).toEqual({ status: 'resolved', value: 'charged' });
  });

  it('are all delivered when the code is told that everything is settled', async () => {
    const bench = new StepsBench();
    let settled = false;
    await bench.steps.settled();
    const slow = new HeldBody();
    bench.ask('charge', slow.body);
    bench.ask('post', () => 'posted');
    void bench.steps.settled().then(() => {
      settled = true;
    });
    await bench.drive();
    expect(settled).toBe(false);
    slow.resolve('charged');
    await bench.drive();
    expect(settled).toBe(true);
  });

  it('are told by phase, whatever part of it they are in', async () => {
    const bench = new StepsBench();
    bench.ask('charge', () => 'charged', { branch: 'execution.billing#0' });
    await bench.drive();
    expect(bench.told).toEqual(['step-started execution charge', 'step-ended execution charge']);
    expect(bench.steps.statistics()).toMatchObject([{ phase: 'execution' }]);
  });

  it('leave nothing behind once they are delivered', async () => {
    const bench = new StepsBench();
    for (let number = 0; number < 50; number += 1) {
      bench.ask('charge', throwing(number < 45 && number % 2 ? lost : refused), { input: number % 5 });
      bench.ask('pay', () => 'paid', { input: number, effect: 'once', undoable: true });
      await bench.drive();
    }
    const { origins: _, ...kept } = bench.steps as unknown as Record<string, unknown>;
    expect(sizes(kept)).toEqual([]);
  });
});

/** Collections that hold something, but for the sums and the counters of equal asks. */
function sizes(root: object): string[] {
  const seen = new Set<unknown>();
  const found: string[] = [];
  const look = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || seen.has(value) || path.split('.').includes('parts')) return;
    seen.add(value);
    const size = value instanceof Map || value instanceof Set ? value.size : Array.isArray(value) ? value.length : 0;
    if (size > 0 && !['ends.tally.sums', 'ordinals.next'].includes(path)) found.push(`${path}: ${size}`);
    for (const [name, under] of Object.entries(value)) look(under, `${path}.${name}`);
  };
  for (const [name, value] of Object.entries(root)) look(value, name);
  return found;
}

describe('what was begun and has no outcome', () => {
  async function begun(effect: Effect): Promise<StepsBench> {
    const bench = new StepsBench();
    bench.ask('charge', new HeldBody().body, { effect, undoable: true, input: 100 });
    await bench.drive();
    expect(bench.journal).toEqual(['step-intended']);
    return bench.reload();
  }

  it('is a divergence at the end when changed code never asks for it, unless it was a read', async () => {
    const repeatable = await begun('idempotent');
    expect(judgeEnd(repeatable.steps.leftover, false)).toMatchObject({
      code: 'RUN_DIVERGED',
      details: { recorded: repeatable.records[0]?.step },
    });
    const read = await begun('read');
    expect(judgeEnd(read.steps.leftover, false)).toBeUndefined();
    expect(judgeEnd(read.steps.leftover, true)).toMatchObject({ code: 'RUN_DIVERGED' });
  });

  it('is unsettled, which is no divergence, when it may have been done once', async () => {
    const once = await begun('once');
    expect(judgeEnd(once.steps.leftover, false)).toBeUndefined();
    expect(once.steps.unsettled).toEqual(['charge']);
  });

  it('is a divergence also after a failed attempt', async () => {
    const bench = new StepsBench();
    bench.ask('charge', throwing(busy), { retry: { attemptsMax: 2 } });
    await bench.drive();
    expect(judgeEnd(bench.reload().steps.leftover, false)).toMatchObject({ code: 'RUN_DIVERGED' });
  });

  it('is not done under another input by changed code', async () => {
    const bench = await begun('once');
    bench.ask('charge', new HeldBody().body, { effect: 'once', undoable: true, input: 110 });
    expect(judgeFrontier(bench.steps.takeFresh(), bench.steps.leftover, false)).toMatchObject({ code: 'RUN_DIVERGED' });
  });

  it('is in nobody’s way once it has an outcome that is asked for', async () => {
    const bench = await begun('idempotent');
    bench.ask('charge', () => 'paid', { undoable: true, input: 100 });
    await bench.drive();
    const next = bench.reload();
    next.ask('charge', () => 'paid', { undoable: true, input: 100 });
    await next.drive();
    expect([next.steps.leftover.size, judgeEnd(next.steps.leftover, true)]).toEqual([0, undefined]);
  });

  it('is in nobody’s way once it is asked for', async () => {
    const bench = await begun('once');
    bench.ask('charge', new HeldBody().body, { effect: 'once', undoable: true, input: 100 });
    expect(judgeFrontier(bench.steps.takeFresh(), bench.steps.leftover, true)).toBeUndefined();
  });
});

describe('attempts where only so many may be under way', () => {
  function limited() {
    const given: (() => void)[] = [];
    let released = 0;
    const release = (): void => {
      released += 1;
    };
    const turnToStart = () => new Promise<() => void>((resolve) => given.push(() => resolve(release)));
    return { given, turnToStart, released: () => released };
  }

  it('begin when it is their turn, with the intent on record only then, and give it back at their end', async () => {
    const { given, turnToStart, released } = limited();
    const bench = new StepsBench(undefined, [], { turnToStart });
    const held = new HeldBody();
    bench.ask('charge', held.body, { effect: 'once', timeoutMs: 1000 });
    await bench.drive();
    expect([held.calls.length, bench.steps.active, bench.records]).toEqual([0, true, []]);
    bench.clock.advance(5000);
    given[0]?.();
    await bench.drive();
    expect(held.calls).toMatchObject([{ deadline: bench.clock.now() + 1000 }]);
    expect(released()).toBe(0);
    held.resolve('charged');
    await bench.drive();
    expect([released(), given.length, bench.journal.at(-1)]).toEqual([1, 1, 'step-ended succeeded']);
  });

  it('need a turn of their own for each retry', async () => {
    const { given, turnToStart, released } = limited();
    const bench = new StepsBench(undefined, [], { turnToStart });
    bench.ask('charge', throwing(busy), { retry: { attemptsMax: 2, backoffMs: 10, jitter: 0 } });
    await bench.drive();
    given[0]?.();
    await bench.drive();
    expect(released()).toBe(1);
    await bench.advance(10);
    given[1]?.();
    await bench.drive();
    expect([given.length, released(), bench.journal.at(-1)]).toEqual([2, 2, 'step-ended failed']);
  });

  it('give back a turn that came too late to begin', async () => {
    const { given, turnToStart, released } = limited();
    for (const end of [(bench: StepsBench) => bench.cancel(), (bench: StepsBench) => bench.handBack()]) {
      const bench = new StepsBench(undefined, [], { turnToStart });
      bench.ask('charge', new HeldBody().body);
      await bench.drive();
      given.pop()?.();
      await Promise.resolve();
      await Promise.resolve();
      await end(bench);
    }
    expect(released()).toBe(2);
  });

  it('give a turn back that comes when the run is stopped or left', async () => {
    const { given, turnToStart, released } = limited();
    const stopped = new StepsBench(undefined, [], { turnToStart });
    const answer = stopped.ask('charge', new HeldBody().body);
    await stopped.drive();
    await stopped.cancel();
    const left = new StepsBench(undefined, [], { turnToStart });
    left.ask('charge', new HeldBody().body);
    await left.drive();
    left.steps.stop();
    expect(left.steps.active).toBe(false);
    for (const give of given) give();
    await left.drive();
    expect([answer.status, released(), left.records]).toEqual(['rejected', 2, []]);
  });
});
