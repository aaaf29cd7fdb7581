import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { Places } from '../../../src/kernel/Places.js';

const gone = new Error('gone');

/** Somebody who wants a place. */
class Guest {
  state: 'waiting' | 'inside' | 'left' = 'waiting';
  reason: unknown;
  private readonly controller = new AbortController();

  constructor(places: Places) {
    places.take(this.controller.signal).then(
      () => {
        this.state = 'inside';
      },
      (error: unknown) => {
        this.state = 'left';
        this.reason = error;
      },
    );
  }

  abort(): void {
    this.controller.abort(gone);
  }

  get listeners(): number {
    return getEventListeners(this.controller.signal, 'abort').length;
  }
}

async function statesOf(guests: readonly Guest[]): Promise<string[]> {
  await setImmediate();
  return guests.map(({ state }) => state);
}

describe('places', () => {
  it('are taken by so many at once, and then by who waited longest', async () => {
    const places = new Places(2);
    const guests = Array.from({ length: 4 }, () => new Guest(places));
    expect(await statesOf(guests)).toEqual(['inside', 'inside', 'waiting', 'waiting']);
    expect([places.underWay, places.waiting]).toEqual([2, 2]);
    places.give();
    expect(await statesOf(guests)).toEqual(['inside', 'inside', 'inside', 'waiting']);
    places.give();
    places.give();
    places.give();
    expect(await statesOf(guests)).toEqual(['inside', 'inside', 'inside', 'inside']);
    expect([places.underWay, places.waiting]).toEqual([0, 0]);
  });

  it('go to the next in the queue when the first one is aborted, who leaves at once with the reason', async () => {
    const places = new Places(1);
    const guests = Array.from({ length: 3 }, () => new Guest(places));
    guests[1]?.abort();
    expect(places.waiting).toBe(1);
    expect(await statesOf(guests)).toEqual(['inside', 'left', 'waiting']);
    expect(guests[1]?.reason).toBe(gone);
    places.give();
    expect(await statesOf(guests)).toEqual(['inside', 'left', 'inside']);
  });

  it('are not given to who was aborted before it asked, though one is free', async () => {
    const places = new Places(1);
    await expect(places.take(AbortSignal.abort(gone))).rejects.toBe(gone);
    expect(places.underWay).toBe(0);
  });

  it('belong to whom they were given, also when it is aborted before it could know', async () => {
    const places = new Places(1);
    const guests = [new Guest(places), new Guest(places)];
    await setImmediate();
    places.give();
    guests[1]?.abort();
    expect(await statesOf(guests)).toEqual(['inside', 'inside']);
    expect(places.underWay).toBe(1);
  });

  it('are full when all are taken and as many wait as may', async () => {
    const places = new Places(1, 1);
    const fullness = [places.isFull];
    for (let count = 0; count < 2; count += 1) {
      new Guest(places);
      fullness.push(places.isFull);
    }
    places.give();
    expect([...fullness, places.isFull]).toEqual([false, false, true, false]);
    expect(new Places(1, 0).isFull).toBe(false);
  });

  it('are never held by more than there are, go round in order and do not get lost, whoever is aborted when', async () => {
    const action = fc.oneof(
      fc.constant({ does: 'come' as const, who: 0 }),
      fc.record({ does: fc.constantFrom('abort' as const, 'leave' as const), who: fc.nat(30) }),
      fc.constant({ does: 'let things happen' as const, who: 0 }),
    );
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(action, { maxLength: 60 }), async (placesMax, actions) => {
      const places = new Places(placesMax);
      const guests: Guest[] = [];
      /** By arrival, without those who were aborted: who should be inside, and who should wait. */
      let inside: Guest[] = [];
      let queue: Guest[] = [];
      const leave = (guest: Guest): void => {
        inside = inside.filter((other) => other !== guest);
        places.give();
        inside.push(...queue.splice(0, placesMax - inside.length));
      };
      for (const { does, who } of actions) {
        const guest = guests[who % Math.max(guests.length, 1)];
        if (does === 'let things happen') await setImmediate();
        else if (does === 'come') {
          const newcomer = new Guest(places);
          guests.push(newcomer);
          (inside.length < placesMax ? inside : queue).push(newcomer);
        } else if (guest && does === 'abort') {
          guest.abort();
          queue = queue.filter((other) => other !== guest);
        } else if (guest && inside.includes(guest)) leave(guest);
        expect([places.underWay, places.waiting]).toEqual([inside.length, queue.length]);
      }
      await setImmediate();
      expect(guests.filter(({ state }) => state === 'waiting')).toEqual(queue);
      expect(inside.map(({ state }) => state)).toEqual(inside.map(() => 'inside'));
      while (inside[0]) leave(inside[0]);
      expect([places.underWay, places.waiting]).toEqual([0, 0]);
      expect((await statesOf(guests)).includes('waiting')).toBe(false);
      expect(guests.filter(({ listeners }) => listeners > 0)).toEqual([]);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
