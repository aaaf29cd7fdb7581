import { getEventListeners } from 'node:events';
import type { Class } from '../../../../src/kernel/Class.js';
import { TransientError } from '../../../../src/kernel/errors.js';
import { ProcessClock, VirtualTime } from '../../../support/VirtualTime.js';
import { cancelled, late, type Pair, PolicedRates, Rate, settled } from './PolicedRates.js';

const POLICY = { cache: { ttlMs: 1000, entriesMax: 2 } };
const down = new TransientError('CHANNEL_UNREACHABLE', 'nobody is there');

/** The outcome of an attempt that the system answers with the number of its calls, if it is called. */
async function answered(service: PolicedRates, input: Pair | string): Promise<number> {
  const before = service.rates.asked.length;
  const attempt = await service.attempt(input);
  if (service.rates.asked.length > before) service.last.answer({ value: service.rates.asked.length });
  await settled();
  return (attempt.outcome as Rate).value;
}

/** As the journal gives back what it carried. */
function instanceOf(type: Class<object>, fields: object): object {
  return Object.assign(Object.create(type.prototype) as object, fields);
}

describe('a cache', () => {
  it('answers an equal input for a while without calling', async () => {
    const service = new PolicedRates(POLICY);
    expect(await answered(service, 'EUR')).toBe(1);
    service.clock.advance(1000);
    expect(await answered(service, 'EUR')).toBe(1);
    service.clock.advance(1);
    expect(await answered(service, 'EUR')).toBe(2);
    expect(service.standing()?.cache).toEqual({ entries: 1, hits: 1, misses: 2 });
  });

  it('takes inputs for equal that are carried as equal, whatever their class and the order of their keys', async () => {
    const service = new PolicedRates(POLICY);
    const values = [{ from: 'EUR', to: 'USD' }, { to: 'USD', from: 'EUR' }, instanceOf(Rate, { to: 'USD', from: 'EUR' })];
    for (const input of values) expect(await answered(service, input as unknown as Pair)).toBe(1);
    const nested = (day: number, extra = {}) => ({ from: 'EUR', at: instanceOf(Rate, { day: new Date(day), ...extra }) }) as Pair;
    expect([await answered(service, nested(1)), await answered(service, nested(1)), await answered(service, nested(2))]).toEqual([2, 2, 3]);
    expect(await answered(service, nested(1, { tags: ['x'] }))).toBe(4);
  });

  it('drops the entry that was used longest ago when there are too many', async () => {
    const service = new PolicedRates(POLICY);
    for (const input of ['a', 'b', 'a', 'c']) await answered(service, input);
    expect(await answered(service, 'a')).toBe(1);
    expect(await answered(service, 'c')).toBe(3);
    expect(await answered(service, 'b')).toBe(4);
  });

  it('gives everybody a copy of its own, of the same class', async () => {
    const service = new PolicedRates(POLICY);
    const parts = () => ({ value: 1, tags: [['x']], at: new Date(5), by: new Map([['k', new Set([['y']])]]), raw: Buffer.from('r') });
    const original = Object.assign(new Rate(), parts());
    const first = (await service.ended({ output: original })).outcome as typeof original;
    for (const copy of [original, first, (await service.attempt()).outcome as typeof original]) {
      copy.tags[0]?.push('changed');
      for (const [inner] of [...(copy.by.get('k') ?? [])].map((list) => [list])) inner?.push('changed');
      copy.by.get('k')?.clear();
      copy.at.setTime(6);
      copy.raw.fill(0);
    }
    const last = (await service.attempt()).outcome;
    expect(last).toBeInstanceOf(Rate);
    expect(Object.entries(last as Rate)).toEqual(Object.entries(parts()));
    expect(service.rates.asked).toHaveLength(1);
  });

  it('keeps that there is no output, and values that refer to themselves', async () => {
    const service = new PolicedRates(POLICY);
    const circular: { self?: unknown } = {};
    circular.self = circular;
    for (const output of [undefined, circular]) {
      const from = output === undefined ? 'none' : 'circular';
      const attempts = [await service.attempt(from)];
      service.last.answer(output);
      await settled();
      attempts.push(await service.attempt(from));
      expect(attempts.map(({ outcome }) => outcome)).toEqual([output, output]);
    }
    expect(service.rates.asked).toHaveLength(2);
  });

  it('keeps no failure', async () => {
    const service = new PolicedRates(POLICY);
    expect((await service.ended({ error: down })).outcome).toBe(down);
    expect(await answered(service, 'EUR')).toBe(2);
  });

  it('does not keep an entry longer than its time when the clock is put back', async () => {
    const clock = new ProcessClock(new VirtualTime());
    const service = new PolicedRates(POLICY);
    await service.ended({ output: { value: 1 } }, { clock });
    clock.offsetMs = -86_400_000;
    expect((await service.attempt('EUR', { clock })).outcome).toEqual({ value: 1 });
    clock.offsetMs += 1001;
    expect((await service.attempt('EUR', { clock })).outcome).toBe('pending');
  });
});

describe('equal calls at once', () => {
  it('are made as one, also the very first, and each gets a copy', async () => {
    const service = new PolicedRates(POLICY);
    const attempts = await Promise.all(['EUR', 'EUR', 'EUR'].map((from) => service.attempt(from)));
    expect(service.rates.asked).toHaveLength(1);
    service.last.answer({ value: 1 });
    await settled();
    const outputs = attempts.map(({ outcome }) => outcome);
    expect(outputs).toEqual([{ value: 1 }, { value: 1 }, { value: 1 }]);
    expect(new Set(outputs).size).toBe(3);
    expect(service.standing()?.cache).toEqual({ entries: 1, hits: 2, misses: 1 });
  });

  it('fail as one', async () => {
    const service = new PolicedRates(POLICY);
    const attempts = await Promise.all(['EUR', 'EUR'].map((from) => service.attempt(from)));
    service.last.fail(down);
    await settled();
    expect(attempts.map(({ outcome }) => outcome)).toEqual([down, down]);
  });

  it('go on without the one that began it when that is aborted, which learns of it at once', async () => {
    const service = new PolicedRates(POLICY);
    const [first, second] = [await service.attempt(), await service.attempt()];
    first.abort(late);
    await settled();
    expect([first.outcome, second.outcome, service.last.call.signal.aborted]).toEqual([late, 'pending', false]);
    service.last.answer({ value: 1 });
    await settled();
    expect(second.outcome).toEqual({ value: 1 });
    expect((await service.attempt()).outcome).toEqual({ value: 1 });
  });

  it('are aborted when the last of them is, with its reason; whoever comes then has a call of its own', async () => {
    const service = new PolicedRates(POLICY);
    service.rates.deaf = true;
    const [first, second] = [await service.attempt(), await service.attempt()];
    first.abort(late);
    await settled();
    second.abort(cancelled);
    await settled();
    const [abandoned] = service.rates.asked;
    expect([second.outcome, abandoned?.call.signal.reason]).toEqual([cancelled, cancelled]);
    const third = await service.attempt();
    abandoned?.answer({ value: 1 });
    await settled();
    const fourth = await service.attempt();
    expect([third.outcome, service.rates.asked.length]).toEqual(['pending', 2]);
    service.last.answer({ value: 2 });
    await settled();
    expect([third.outcome, fourth.outcome]).toEqual([{ value: 2 }, { value: 2 }]);
    expect((await service.attempt()).outcome).toEqual({ value: 2 });
  });

  it('leave no entry behind of a call that nobody waited for any more', async () => {
    const service = new PolicedRates(POLICY);
    service.rates.deaf = true;
    (await service.attempt()).abort(cancelled);
    await settled();
    service.last.answer({ value: 1 });
    await settled();
    expect((await service.attempt()).outcome).toBe('pending');
  });

  it('have no deadline, since each of them may have another, and leave no listener behind', async () => {
    const service = new PolicedRates(POLICY);
    const attempt = await service.attempt('EUR', { deadline: new Date(0), key: 'run/1' });
    expect(service.last.call).toMatchObject({ deadline: undefined, key: 'run/1' });
    service.last.answer({ value: 1 });
    await settled();
    expect(getEventListeners(attempt.signal, 'abort')).toEqual([]);
  });

  it('are neither made nor counted for who was aborted before', async () => {
    const service = new PolicedRates(POLICY);
    expect((await service.attempt('EUR', { aborted: true })).outcome).toBe(cancelled);
    expect(service.standing()?.cache).toEqual({ entries: 0, hits: 0, misses: 0 });
  });
});
