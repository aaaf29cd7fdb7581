/** What is allowed in a policy, the bulkhead, and how the parts of a policy stand around each other. */
import { CommandFailure, TransientError, UsageError } from '../../../../src/kernel/errors.js';
import { type DeclaredOperation, operationsOf } from '../../../../src/systems/operation.js';
import type { Policy } from '../../../../src/systems/Policy.js';
import { checkedPolicy } from '../../../../src/systems/policies/checkedPolicy.js';
import { standingsOf } from '../../../../src/systems/policies/policedAttempt.js';
import { cancelled, PolicedRates, Rates, settled } from './PolicedRates.js';

const rates = new Rates();

function declared(policy: Policy, changes: Partial<DeclaredOperation> = {}): DeclaredOperation {
  const look = operationsOf(rates).get('look');
  if (!look) throw new Error('no operation look');
  return { ...look, policy, ...changes };
}

describe('a policy', () => {
  const breaker = { failuresMax: 5, openMs: 1000 };
  it.each<[string, string, unknown]>([
    ['timeoutMs', 'milliseconds, more than 0', { timeoutMs: 0 }],
    ['timeoutMs', 'at most 100 years', { timeoutMs: 1e13 }],
    ['breaker.failuresMax', 'a whole number from 1 on', { breaker: { ...breaker, failuresMax: 0 } }],
    ['breaker.failuresMax', 'a whole number from 1 on', { breaker: { openMs: 1000 } }],
    ['breaker.openMs', 'more than 0', { breaker: { ...breaker, openMs: 0 } }],
    ['breaker.openMs', 'at most 100 years', { breaker: { ...breaker, openMs: Number.POSITIVE_INFINITY } }],
    ['bulkhead.concurrencyMax', 'a whole number from 1 on', { bulkhead: { concurrencyMax: 1.5 } }],
    ['bulkhead.waitingMax', 'a whole number from 0 on', { bulkhead: { concurrencyMax: 1, waitingMax: -1 } }],
    ['cache.ttlMs', 'more than 0', { cache: { ttlMs: Number.NaN } }],
    ['cache.ttlMs', 'more than 0', { cache: { ttlMs: '100' } }],
    ['cache.entriesMax', 'a whole number from 1 to 1000000', { cache: { ttlMs: 1, entriesMax: 2_000_000 } }],
    ['batch.itemsMax', 'a whole number from 1 on', { batch: { by: 'lookAtAll', itemsMax: 0 } }],
    ['batch.waitMs', 'milliseconds from 0 to 100 years', { batch: { by: 'lookAtAll', waitMs: -1 } }],
  ])('with a %s that cannot be meant is refused: %s', (field, allowed, policy) => {
    const check = (): Policy => checkedPolicy('rates', declared(policy as Policy));
    expect(check).toThrow(UsageError);
    expect(check).toThrow(new RegExp(`The policy of rates.look has ${field} .*\\. Give .*${allowed}`));
    expect(check).toThrow(expect.objectContaining({ code: 'POLICY_INVALID', details: expect.objectContaining({ field }) }));
  });

  it('that can be meant is given back as it is', () => {
    const policy: Policy = {
      timeoutMs: 1,
      breaker,
      bulkhead: { concurrencyMax: 1, waitingMax: 0 },
      cache: { ttlMs: 0.5, entriesMax: 1_000_000 },
      batch: { by: 'lookAtAll', itemsMax: 1, waitMs: 0 },
    };
    expect(checkedPolicy('rates', declared(policy), rates)).toBe(policy);
    expect(checkedPolicy('rates', declared({}), rates)).toEqual({});
  });

  it.each(['idempotent', 'once'] as const)('with a cache is refused for the effect %s', (effect) => {
    expect(() => checkedPolicy('rates', declared({ cache: { ttlMs: 1 } }, { effect }))).toThrow(
      expect.objectContaining({
        code: 'POLICY_INVALID',
        message: expect.stringContaining(`rates.look has a cache, but its effect is '${effect}'`),
      }),
    );
  });

  it.each([
    ['lookAtNone', 'but Rates has no such method'],
    ['asked', 'but Rates has no such method'],
    ['look', 'which is the operation itself'],
  ])('with a batch by %s is refused where the system is at hand', (by, why) => {
    const operation = declared({ batch: { by } });
    expect(() => checkedPolicy('rates', operation, rates)).toThrow(
      expect.objectContaining({ code: 'SYSTEM_INVALID', message: expect.stringContaining(`rates.look has batch.by '${by}', ${why}`) }),
    );
    expect(checkedPolicy('rates', operation).batch).toEqual({ by });
  });

  it('that cannot be meant refuses every call', async () => {
    const service = new PolicedRates({ breaker: { failuresMax: 0, openMs: 1 } });
    const attempts = [await service.attempt(), await service.attempt()];
    expect(attempts.map(({ outcome }) => outcome)).toEqual([0, 1].map(() => expect.objectContaining({ code: 'POLICY_INVALID' })));
    expect(service.rates.asked).toEqual([]);
    const without = new PolicedRates({ batch: { by: 'lookAtNone' } });
    expect((await without.attempt()).outcome).toMatchObject({ code: 'SYSTEM_INVALID' });
  });

  it('with nothing that stands around attempts leaves no state behind', async () => {
    const service = new PolicedRates({ timeoutMs: 5, retry: { attemptsMax: 3 } });
    const attempt = await service.ended({ output: { value: 1 } });
    expect(attempt.outcome).toEqual({ value: 1 });
    expect(standingsOf(service.rates)).toEqual([]);
  });
});

describe('a bulkhead', () => {
  const POLICY = { bulkhead: { concurrencyMax: 2, waitingMax: 2 } };

  it('has so many calls under way at once, whoever makes them, and the others in the order in which they came', async () => {
    const service = new PolicedRates(POLICY);
    for (const from of ['a', 'b', 'c', 'd']) await service.attempt(from);
    const seen = (): unknown => service.rates.asked.map(({ items }) => items[0]?.input.from);
    expect(seen()).toEqual(['a', 'b']);
    expect(service.standing()).toEqual({ operation: 'look', bulkhead: { underWay: 2, waiting: 2 } });
    service.rates.asked[1]?.fail(new Error('no'));
    await settled();
    expect(seen()).toEqual(['a', 'b', 'c']);
    service.rates.asked[0]?.answer({ value: 1 });
    await settled();
    expect(seen()).toEqual(['a', 'b', 'c', 'd']);
    for (const asked of service.rates.asked) asked.answer({ value: 1 });
    await settled();
    expect(service.standing()?.bulkhead).toEqual({ underWay: 0, waiting: 0 });
  });

  it('refuses at once who finds as many waiting as may', async () => {
    const service = new PolicedRates(POLICY);
    for (let count = 0; count < 4; count += 1) await service.attempt();
    const { outcome } = await service.attempt();
    expect(outcome).toBeInstanceOf(TransientError);
    expect(outcome).toMatchObject({
      code: 'BULKHEAD_FULL',
      message: 'rates.look was not called: 2 calls are under way and 2 wait, as many as its policy allows.',
      details: { system: 'rates', operation: 'look', concurrencyMax: 2, waitingMax: 2 },
    });
    expect(service.standing()?.bulkhead).toEqual({ underWay: 2, waiting: 2 });
  });

  it('lets a thousand wait unless the policy says else', async () => {
    const service = new PolicedRates({ bulkhead: { concurrencyMax: 1 } });
    const attempts = await Promise.all(Array.from({ length: 1002 }, () => service.attempt()));
    expect(attempts.filter(({ outcome }) => outcome !== 'pending')).toEqual([attempts[1001]]);
  });

  it('calls nothing for who is aborted while it waits', async () => {
    const service = new PolicedRates({ bulkhead: { concurrencyMax: 1 } });
    const [, second] = [await service.attempt('a'), await service.attempt('b'), await service.attempt('c')];
    second?.abort(cancelled);
    await settled();
    expect(second?.outcome).toBe(cancelled);
    service.last.answer({ value: 1 });
    await settled();
    expect(service.last.items[0]?.input.from).toBe('c');
  });

  it('gives the place on, calling nothing, of who is aborted in the moment it gets one', async () => {
    const service = new PolicedRates({ bulkhead: { concurrencyMax: 1 } });
    const [, second] = [await service.attempt('a'), await service.attempt('b'), await service.attempt('c')];
    service.last.answer({ value: 1 });
    await Promise.resolve();
    while (service.standing()?.bulkhead?.waiting === 2) await Promise.resolve();
    second?.abort(cancelled);
    await settled();
    expect(service.rates.asked.map(({ items }) => items[0]?.input.from)).toEqual(['a', 'c']);
  });

  it('keeps the place of a call that does not heed its signal until it has ended: the system still works on it', async () => {
    const service = new PolicedRates({ bulkhead: { concurrencyMax: 1 } });
    service.rates.deaf = true;
    const first = await service.attempt();
    first.abort(cancelled);
    const second = await service.attempt();
    expect([service.rates.asked.length, second.outcome]).toEqual([1, 'pending']);
    service.last.answer({ value: 1 });
    await settled();
    expect(service.rates.asked).toHaveLength(2);
  });
});

describe('the parts of a policy', () => {
  const down = new TransientError('CHANNEL_UNREACHABLE', 'nobody is there');

  it('answer from the cache also where the breaker is open and all places are taken', async () => {
    const service = new PolicedRates({
      cache: { ttlMs: 1000 },
      bulkhead: { concurrencyMax: 1, waitingMax: 0 },
      breaker: { failuresMax: 1, openMs: 1000 },
    });
    await service.ended({ output: { value: 1 } });
    await service.attempt('USD');
    expect((await service.attempt()).outcome).toEqual({ value: 1 });
    service.last.fail(down);
    await settled();
    expect((await service.attempt()).outcome).toEqual({ value: 1 });
    expect((await service.attempt('USD')).outcome).toMatchObject({ code: 'BREAKER_OPEN' });
  });

  it('refuse who waited for a place when the breaker has opened meanwhile, and give the place back', async () => {
    const service = new PolicedRates({ bulkhead: { concurrencyMax: 1 }, breaker: { failuresMax: 1, openMs: 1000 } });
    const attempts = [await service.attempt(), await service.attempt(), await service.attempt()];
    service.last.fail(down);
    await settled();
    expect(attempts.map(({ outcome }) => outcome)).toEqual([down, ...[1, 2].map(() => expect.objectContaining({ code: 'BREAKER_OPEN' }))]);
    expect(service.standing()?.bulkhead).toEqual({ underWay: 0, waiting: 0 });
    expect(service.rates.asked).toHaveLength(1);
  });

  it('do not count as a failure of the system that the bulkhead is full', async () => {
    const service = new PolicedRates({ bulkhead: { concurrencyMax: 1, waitingMax: 0 }, breaker: { failuresMax: 1, openMs: 1000 } });
    await service.attempt();
    expect((await service.attempt()).outcome).toMatchObject({ code: 'BULKHEAD_FULL' });
    expect(service.standing()?.breaker).toEqual({ state: 'closed', failures: 0 });
  });

  it('count each call of a batch for the breaker as what became of it', async () => {
    const service = new PolicedRates({ breaker: { failuresMax: 2, openMs: 1000 }, batch: { by: 'lookAtAll', waitMs: 5 } });
    for (const from of ['a', 'b', 'c']) await service.attempt(from);
    service.clock.advance(5);
    await settled();
    service.last.answer([down, new CommandFailure('SYSTEM_REFUSED', 'no'), down]);
    await settled();
    expect(service.standing()?.breaker).toMatchObject({ state: 'closed', failures: 1 });
    await service.attempt('d');
    service.clock.advance(5);
    await settled();
    service.last.fail(down);
    await settled();
    expect(service.standing()?.breaker).toMatchObject({ state: 'open', failures: 2 });
  });
});
