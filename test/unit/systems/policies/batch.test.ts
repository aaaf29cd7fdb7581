import { getEventListeners } from 'node:events';
import { CommandFailure, OutcomeUnknownError, TransientError } from '../../../../src/kernel/errors.js';
import { inStep, presentStep } from '../../../../src/kernel/whereabouts.js';
import { type Attempt, cancelled, late, PolicedRates, settled } from './PolicedRates.js';

const POLICY = { batch: { by: 'lookAtAll', itemsMax: 3, waitMs: 5 } };
const down = new TransientError('CHANNEL_UNREACHABLE', 'nobody is there');

/** What each call of the batch's method was given. */
function batchesOf(service: PolicedRates): (string | undefined)[][] {
  return service.rates.asked.map(({ items }) => items.map(({ input }) => input.from));
}

async function inBatch(service: PolicedRates, inputs: readonly string[], effect: 'read' | 'once' = 'read'): Promise<Attempt[]> {
  const attempts = [];
  for (const input of inputs) attempts.push(await service.attempt(input, { effect }));
  return attempts;
}

async function left(service: PolicedRates): Promise<void> {
  service.clock.advance(5);
  await settled();
}

const outcomesOf = (attempts: readonly Attempt[]): unknown[] => attempts.map(({ outcome }) => outcome);

describe('a batch', () => {
  it('has the calls that came within its time, and gives each its own answer', async () => {
    const service = new PolicedRates(POLICY);
    const [a] = await inBatch(service, ['a']);
    service.clock.advance(4);
    const [b] = await inBatch(service, ['b']);
    expect(batchesOf(service)).toEqual([]);
    service.clock.advance(1);
    const [c] = await inBatch(service, ['c']);
    expect(batchesOf(service)).toEqual([['a', 'b']]);
    service.last.answer([{ value: 1 }, { value: 2 }]);
    await left(service);
    service.last.answer([{ value: 3 }]);
    await settled();
    expect(batchesOf(service)).toEqual([['a', 'b'], ['c']]);
    expect(outcomesOf([a, b, c] as Attempt[])).toEqual([{ value: 1 }, { value: 2 }, { value: 3 }]);
  });

  it('leaves at once when it is full, and what comes then is in the next', async () => {
    const service = new PolicedRates(POLICY);
    await inBatch(service, ['a', 'b', 'c', 'd']);
    expect(batchesOf(service)).toEqual([['a', 'b', 'c']]);
    await left(service);
    expect(batchesOf(service)).toEqual([['a', 'b', 'c'], ['d']]);
    expect(service.clock.pending).toBe(0);
  });

  it('has up to a hundred calls within five milliseconds unless the policy says else', async () => {
    const service = new PolicedRates({ batch: { by: 'lookAtAll' } });
    await Promise.all(Array.from({ length: 101 }, (_, index) => service.attempt(`${index}`)));
    await left(service);
    expect(batchesOf(service).map(({ length }) => length)).toEqual([100, 1]);
  });

  it('fails a call alone whose answer is an error, and all of them when its method throws', async () => {
    const service = new PolicedRates(POLICY);
    const refused = new CommandFailure('SYSTEM_REFUSED', 'no');
    const attempts = await inBatch(service, ['a', 'b', 'c']);
    service.last.answer([{ value: 1 }, refused, undefined]);
    await settled();
    expect(outcomesOf(attempts)).toEqual([{ value: 1 }, refused, undefined]);
    const others = await inBatch(service, ['d', 'e']);
    await left(service);
    service.last.fail(down);
    await settled();
    expect(outcomesOf(others)).toEqual([down, down]);
  });

  it.each([
    ['too few answers', [{ value: 1 }], '1 answers for 2 calls'],
    ['too many answers', [1, 2, 3], '3 answers for 2 calls'],
    ['no list', { value: 1 }, 'no list of answers for 2 calls'],
  ])('that gives %s fails all: what changed something has an unknown outcome', async (_what, answers, said) => {
    for (const [effect, code, type] of [
      ['read', 'REPLY_INVALID', CommandFailure] as const,
      ['once', 'REPLY_LOST', OutcomeUnknownError] as const,
    ]) {
      const service = new PolicedRates(POLICY);
      const attempts = await inBatch(service, ['a', 'b'], effect);
      await left(service);
      service.last.answer(answers);
      await settled();
      expect(outcomesOf(attempts)).toEqual(
        [1, 2].map(() => expect.objectContaining({ code, message: expect.stringContaining(`rates.lookAtAll gave ${said}`) })),
      );
      expect(attempts[0]?.outcome).toBeInstanceOf(type);
    }
  });

  it('leaves without who was aborted before, and not at all when nobody is left', async () => {
    const service = new PolicedRates(POLICY);
    const [a, b] = await inBatch(service, ['a', 'b']);
    a?.abort(cancelled);
    await settled();
    expect(a?.outcome).toBe(cancelled);
    await left(service);
    expect(batchesOf(service)).toEqual([['b']]);
    service.last.answer([{ value: 1 }]);
    await settled();
    expect(b?.outcome).toEqual({ value: 1 });
    const [c] = await inBatch(service, ['c']);
    c?.abort(cancelled);
    await settled();
    expect(service.clock.pending).toBe(0);
    await left(service);
    expect(batchesOf(service)).toEqual([['b']]);
  });

  it('leaves without who is aborted in the moment it leaves', async () => {
    const service = new PolicedRates(POLICY);
    const [a] = await inBatch(service, ['a', 'b']);
    a?.abort(late);
    await left(service);
    expect(batchesOf(service)).toEqual([['b']]);
  });

  it('does not count the aborted for whether it is full', async () => {
    const service = new PolicedRates(POLICY);
    const [a] = await inBatch(service, ['a', 'b']);
    a?.abort(cancelled);
    await settled();
    await inBatch(service, ['c']);
    expect(batchesOf(service)).toEqual([]);
    await inBatch(service, ['d']);
    expect(batchesOf(service)).toEqual([['b', 'c', 'd']]);
  });

  it.each([0, 1, 2, 3, 4, 5, 6])('that nobody waits for takes nobody in who comes so soon after: %p', async (turns) => {
    const service = new PolicedRates(POLICY);
    const [a] = await inBatch(service, ['a']);
    a?.abort(cancelled);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    await service.attempt('b');
    await left(service);
    expect(batchesOf(service)).toEqual([['b']]);
    expect(service.last.call.signal.aborted).toBe(false);
  });

  it('does not break up the next one when it is aborted', async () => {
    const service = new PolicedRates(POLICY);
    const aborted = await inBatch(service, ['a', 'b', 'c']);
    await inBatch(service, ['d']);
    for (const attempt of aborted) attempt.abort(cancelled);
    await settled();
    await inBatch(service, ['e']);
    await left(service);
    expect(batchesOf(service)).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
  });

  it('takes nobody in who was aborted before', async () => {
    const service = new PolicedRates(POLICY);
    expect((await service.attempt('a', { aborted: true })).outcome).toBe(cancelled);
    expect(service.clock.pending).toBe(0);
  });

  it('goes on for the others when one is aborted under way, and is aborted with the last', async () => {
    const service = new PolicedRates(POLICY);
    service.rates.deaf = true;
    const [a, b, c] = await inBatch(service, ['a', 'b', 'c']);
    a?.abort(late);
    await settled();
    expect([a?.outcome, service.last.call.signal.aborted, service.last.items[0]?.call.signal.aborted]).toEqual([late, false, true]);
    b?.abort(cancelled);
    c?.abort(cancelled);
    await settled();
    expect(service.last.call.signal.reason).toBe(cancelled);
    service.last.fail(down); // Nobody hears of it.
    await settled();
    expect(outcomesOf([b, c] as Attempt[])).toEqual([cancelled, cancelled]);
  });

  it('tells its method the key of each call, and has the latest deadline and a key of its own', async () => {
    const service = new PolicedRates(POLICY);
    for (const [key, day] of [
      ['run/1', 1],
      ['run/2', 3],
      ['run/3', 2],
    ] as const)
      await service.attempt('a', { key, deadline: new Date(day) });
    expect(service.last.items.map(({ call }) => call.key)).toEqual(['run/1', 'run/2', 'run/3']);
    expect(service.last.call.deadline).toEqual(new Date(3));
    const { key } = service.last.call;
    await service.attempt('a', { key: 'run/1', deadline: new Date(1) });
    await service.attempt('b', { key: 'run/4' });
    await left(service);
    expect(service.last.call.deadline).toBeUndefined();
    expect(new Set([key, service.last.call.key, 'run/1']).size).toBe(3);
  });

  it('is made in the step of the call that began it', async () => {
    const service = new PolicedRates(POLICY);
    const seen: unknown[] = [];
    service.rates.lookAtAll = async (items) => {
      seen.push(presentStep());
      return items.map(() => ({ value: 1 }));
    };
    await inStep('first', () => service.attempt('a'));
    await inStep('second', () => service.attempt('b'));
    await inStep('third', () => service.attempt('c'));
    expect(seen).toEqual(['first']);
  });

  it('leaves no listener behind', async () => {
    const service = new PolicedRates(POLICY);
    const attempts = await inBatch(service, ['a', 'b', 'c']);
    service.last.answer([1, 2, 3]);
    await settled();
    expect(attempts.flatMap(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([]);
  });
});
