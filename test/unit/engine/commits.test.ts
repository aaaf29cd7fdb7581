/** The parts of writing that need no file: which SQLite is safe, which disk is slow, how fast a queue may go. */

import { CommitTimes } from '../../../src/engine/embedded/sqlite/CommitTimes.js';
import { hasEnded, isStopped, thisProcess } from '../../../src/engine/embedded/sqlite/processIdentity.js';
import { writesSafely } from '../../../src/engine/embedded/sqlite/sqliteVersion.js';
import { Pace } from '../../../src/engine/run/Pace.js';

describe('a version of SQLite', () => {
  it.each(['3.51.3', '3.51.10', '3.52.0', '4.0.0', '3.44.6', '3.44.9', '3.50.7', '3.53.4'])('may write: %s', (version) => {
    expect(writesSafely(version)).toBe(true);
  });

  it.each(['3.7.0', '3.44.5', '3.45.0', '3.49.9', '3.50.6', '3.51.0', '3.51.2', ''])('may not write: %s', (version) => {
    expect(writesSafely(version)).toBe(false);
  });
});

describe('the times of commits', () => {
  const slowAfter = (times: CommitTimes, count: number, ms: number): boolean => {
    for (let n = 0; n < count; n += 1) times.add(ms);
    return times.slow;
  };

  it('are slow when more than a hundredth of the last 200 took longer than 5 ms', () => {
    const few = new CommitTimes();
    expect([slowAfter(few, 2, 50), slowAfter(few, 198, 1)]).toEqual([false, false]);
    const more = new CommitTimes();
    expect([slowAfter(more, 3, 50), slowAfter(more, 197, 1)]).toEqual([false, true]);
  });

  it('are slow until they are clearly fast again', () => {
    const times = new CommitTimes();
    expect([slowAfter(times, 200, 9), slowAfter(times, 200, 4), slowAfter(times, 200, 2)]).toEqual([true, true, false]);
  });
});

describe('the pace of a queue', () => {
  it('is unlimited without a rate', () => {
    const pace = new Pace(undefined, 0, 5);
    pace.take();
    expect(pace.open).toBe(true);
  });

  it('spreads what follows a burst evenly, and never exceeds the count in a window by more than the burst', () => {
    const begun: number[] = [];
    let arrivalAt = 0;
    for (let now = 0; now < 10_000; now += 10) {
      const pace = new Pace({ count: 5, perMs: 1000 }, arrivalAt, now);
      while (pace.open) {
        pace.take();
        begun.push(now);
      }
      ({ arrivalAt } = pace);
    }
    expect(begun.filter((at) => at === 0)).toHaveLength(5);
    expect(begun.slice(5, 8)).toEqual([200, 400, 600]);
    for (const from of begun) expect(begun.filter((at) => at >= from && at < from + 1000).length).toBeLessThanOrEqual(10);
  });
});

describe('the identity of a process', () => {
  const here = thisProcess();

  it('tells this very process from one that had its pid before', () => {
    expect(hasEnded(process.pid, here, here)).toBe(false);
    if (process.platform === 'linux') expect(hasEnded(process.pid, { ...here, start: '1' }, here)).toBe(true);
  });

  it('says nothing about a process of another place, and that a pid that is free has ended', () => {
    const FREE = 2 ** 22 + 1; // Above the largest pid that Linux gives.
    expect(hasEnded(FREE, here, here)).toBe(true);
    expect(hasEnded(FREE, {}, here)).toBe(true);
    expect(hasEnded(FREE, { place: 'elsewhere', start: '1' }, here)).toBe(false);
    expect(isStopped(process.pid, here, here)).toBe(false);
  });
});
