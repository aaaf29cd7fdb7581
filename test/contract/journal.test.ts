/** What an engine may rely on in a journal, whether it is in memory or in a file that is written on either thread. */
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Journal, Mail } from '../../src/engine/embedded/Journal.js';
import { MemoryJournal } from '../../src/engine/embedded/MemoryJournal.js';
import { anchorOf, passesThrough, verifyChain } from '../../src/engine/run/chain.js';
import type { Rest, RunRow } from '../../src/engine/run/RunJournal.js';
import { RunLog } from '../../src/engine/run/RunLog.js';
import { journalFolder } from '../support/engineHarness.js';
import { addRun, addStep, aRun, type Begun, endRun, NO_EVENTS, ORIGIN, openJournal, rowOf } from '../support/journals.js';

const folder = journalFolder();
let files = 0;

const JOURNALS: Readonly<Record<string, () => Journal>> = {
  memory: () => {
    const journal = new MemoryJournal();
    journal.attach(NO_EVENTS, ['walk', 'fly']);
    return journal;
  },
  'a file written inline': () => openJournal(join(folder, `${files++}.db`), { writes: 'inline' }, ['walk', 'fly']),
  'a file written by a thread': () => openJournal(join(folder, `${files++}.db`), { writes: 'thread' }, ['walk', 'fly']),
};

const WAITING: Rest = { standing: 'waiting', due: null, waits: [{ what: 'signal', name: 'go' }] };
const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);

describe.each(Object.entries(JOURNALS))('a journal: %s', (_name, open) => {
  let journal: Journal;

  beforeEach(() => {
    journal = open();
  });
  afterEach(() => journal.close());

  async function begun(options = {}): Promise<Begun> {
    const run = addRun(journal, options);
    await journal.committed();
    return run;
  }

  async function ended(options = {}, at = 3000): Promise<Begun> {
    const run = await begun(options);
    addStep(run, 'one');
    endRun(journal, run, at);
    await journal.committed();
    return run;
  }

  function verified({ run }: Begun) {
    const row = rowOf(journal, run);
    const records = journal.records(row);
    const bridges = journal.bridges(row);
    verifyChain(row, records, bridges);
    return { row, records, bridges };
  }

  const post = (run: string, more: Partial<Mail> = {}): void =>
    journal.post({ run, kind: 'signal', name: 'go', token: 't', body: '1', at: 5, ...more });

  describe('runs', () => {
    it('are what they were added as, and open until they end', async () => {
      const { run } = await begun({ id: 'first' });
      expect(rowOf(journal, run)).toMatchObject({
        id: 'first',
        command: 'walk',
        principal: '{"user":"ada"}',
        params: { text: '{"n":1}' },
        status: null,
        standing: 'running',
        due: null,
        waits: [],
        successor: null,
        place: null,
        erased: null,
      });
      expect(journal.isOwned(rowOf(journal, run))).toBe(true);
      expect(ids(journal.openRuns())).toEqual(['first']);
    });

    it("end with status, time and successor, and are nobody's then", async () => {
      const { run } = await begun();
      journal.endRun(run, 'continued', 77, 'next');
      await journal.committed();
      expect(rowOf(journal, run)).toMatchObject({ status: 'continued', endedAt: 77, successor: 'next', owner: null });
      expect(journal.openRuns()).toEqual([]);
    });

    it('are found by the beginning of their id, two at most', async () => {
      for (const id of ['ab1', 'ab2', 'ab3', 'b']) await begun({ id });
      expect(ids(journal.runsByPrefix('b'))).toEqual(['b']);
      expect(journal.runsByPrefix('ab')).toHaveLength(2);
      expect(journal.runsByPrefix('ab12')).toEqual([]);
    });

    it('are listed newest first', async () => {
      for (const startedAt of [1, 2, 3]) await begun({ id: `r${startedAt}`, startedAt });
      expect(ids(journal.latestRuns(2))).toEqual(['r3', 'r2']);
    });

    it("that go on after their end are this process's again, and can end again", async () => {
      const run = await ended();
      const log = RunLog.read(journal, rowOf(journal, run.run));
      const record = log.following({ kind: 'reopened', at: 3500, label: 'ada', body: '{"superseded":[]}' });
      expect(await journal.reopenRuns([{ run: run.run, records: [record] }])).toBe(true);
      expect(await journal.reopenRuns([{ run: run.run, records: [record] }])).toBe(false);
      const { row } = verified(run);
      expect(row).toMatchObject({ status: null, endedAt: null, standing: 'running' });
      expect(journal.isOwned(row)).toBe(true);
      endRun(journal, { run: row, log }, 4000);
      await journal.committed();
      expect(verified(run).row).toMatchObject({ status: 'completed', endedAt: 4000 });
    });

    it('that are removed leave nothing', async () => {
      await ended({ key: 'k', id: 'gone' });
      expect(await journal.prune({ before: 9e9, limit: 5, what: 'runs' })).toBe(1);
      expect(journal.runsByPrefix('gone')).toEqual([]);
      expect(journal.runByKey('walk', 'k')).toBeUndefined();
      expect(journal.latestRuns(5)).toEqual([]);
    });

    it('that ended before a time are given oldest first, without those that were erased', async () => {
      const [first, second, third] = [await ended({}, 10), await ended({}, 20), await ended({}, 30)];
      await begun();
      expect(ids(journal.endedRuns(30, 5))).toEqual([first.run.id, second.run.id]);
      expect(ids(journal.endedRuns(99, 1))).toEqual([first.run.id]);
      expect(await journal.prune({ before: 11, limit: 5, what: 'bodies' })).toBe(1);
      expect(ids(journal.endedRuns(99, 5))).toEqual([second.run.id, third.run.id]);
    });

    it('count their ended steps', async () => {
      const run = await ended();
      expect(journal.endedSteps(run.run)).toBe(1);
    });

    it('have what they published last', async () => {
      const { run } = await begun();
      expect(journal.published(run)).toBeUndefined();
      journal.publish(run, '"half"');
      journal.publish(run, '"all"');
      await journal.committed();
      expect(journal.published(run)).toBe('"all"');
    });
  });

  describe('an idempotency key', () => {
    function keyed(key: string, id: string) {
      const run = journal.newRun(aRun({ key, id }), false);
      return RunLog.beginKeyed(journal, run, ORIGIN).added;
    }

    it('belongs to the first run of a command, and nothing of another one is written', async () => {
      const answers = await Promise.all([keyed('k', 'one'), keyed('k', 'two'), keyed('other', 'three')]);
      expect(answers).toEqual([true, false, true]);
      expect(await keyed('k', 'four')).toBe(false);
      expect(ids(journal.latestRuns(9)).toSorted()).toEqual(['one', 'three']);
      expect(journal.runByKey('walk', 'k')).toMatchObject({ id: 'one' });
      expect(journal.runByKey('fly', 'k')).toBeUndefined();
      expect(journal.records(rowOf(journal, { id: 'one' }))).toHaveLength(1);
    });
  });

  describe('records', () => {
    it('come back in order, with an unbroken chain', async () => {
      const run = await ended();
      const { records } = verified(run);
      expect(records.map(({ seq, kind }) => [seq, kind])).toEqual([
        [1, 'started'],
        [2, 'step-ended'],
        [3, 'ended'],
      ]);
      expect(records[1]).toMatchObject({ body: '"one"', startedAt: 1999, effect: 'read', status: 'succeeded' });
    });

    it('can be dropped in the middle, side by side, inside out and at the end, and the chain goes on', async () => {
      const run = await begun();
      for (let n = 2; n <= 12; n += 1) addStep(run, `s${n}`);
      await journal.committed();
      const { records } = verified(run);
      const hashAt = (seq: number): string => records[seq - 1]?.hash ?? '';
      const drop = (from: number, to: number): void => journal.dropRecords(run.run, from, to, hashAt(to));
      drop(3, 4);
      drop(5, 6);
      drop(7, 7);
      drop(7, 9);
      drop(11, 12);
      await journal.committed();
      expect(verified(run).records.map(({ seq }) => seq)).toEqual([1, 2, 10]);
      const log = RunLog.read(journal, rowOf(journal, run.run));
      endRun(journal, { run: run.run, log });
      await journal.committed();
      expect(verified(run).records.map(({ seq }) => seq)).toEqual([1, 2, 10, 13]);
    });

    it('lose their bodies when a run is erased, and the chain still holds', async () => {
      const run = await ended();
      const before = verified(run);
      journal.publish(run.run, '"secret"');
      await journal.prune({ before: 9e9, limit: 5, what: 'bodies' });
      const { row, records, bridges } = verified(run);
      expect(row).toMatchObject({ params: { text: 'null' }, principal: 'null' });
      expect(records.map(({ body }) => body)).toEqual([null, null, null]);
      expect(records.map(({ hash }) => hash)).toEqual(before.records.map(({ hash }) => hash));
      expect(journal.published(row)).toBeUndefined();
      expect(passesThrough(records, bridges, anchorOf(before.row, before.records, before.bridges))).toBe('yes');
      expect(() => RunLog.read(journal, row)).toThrow(expect.objectContaining({ code: 'RUN_ERASED' }));
    });

    it('pass through an anchor, or do not, or cannot tell', async () => {
      const run = await begun();
      for (let n = 2; n <= 6; n += 1) addStep(run, `s${n}`);
      await journal.committed();
      const { row, records, bridges } = verified(run);
      const anchorAt = (seq: number) => anchorOf(row, records.slice(0, seq), bridges);
      journal.dropRecords(run.run, 3, 5, records[4]?.hash ?? '');
      await journal.committed();
      const now = verified(run);
      const through = (seq: number, hash = anchorAt(seq).hash) => passesThrough(now.records, now.bridges, { run: row.id, seq, hash });
      expect([through(2), through(2, 'other'), through(4), through(7, 'later')]).toEqual(['yes', 'no', 'dropped', 'no']);
      if (journal.sealing) expect([through(5), through(6)]).toEqual(['yes', 'yes']);
    });

    it.each([
      ['a record', () => ({ drop: 3 })],
      ['the first one', () => ({ drop: 1 })],
      ['the last one of an ended run', () => ({ drop: 5 })],
    ])('are noticed to be missing: %s', async (_what, which) => {
      const run = await begun();
      for (let n = 2; n <= 4; n += 1) addStep(run, `s${n}`);
      endRun(journal, run);
      await journal.committed();
      const { row, records, bridges } = verified(run);
      const left = records.filter(({ seq }) => seq !== which().drop);
      expect(() => verifyChain(row, left, bridges)).toThrow(expect.objectContaining({ code: 'JOURNAL_ALTERED' }));
    });
  });

  describe('mail', () => {
    it('is kept until it is dropped, once for a kind, name and token, oldest first', async () => {
      const { run } = await begun();
      post(run.id);
      post(run.id, { body: 'again' });
      post(run.id, { token: 'u' });
      post(run.id, { kind: 'override', name: 'tests' });
      await journal.committed();
      const mail = journal.mail();
      expect(mail.map(({ kind, token, body }) => `${kind} ${token} ${body}`)).toEqual(['signal t 1', 'signal u 1', 'override t 1']);
      journal.dropMail(mail[0] as Mail);
      expect(journal.mail().map(({ id }) => id)).toEqual(mail.slice(1).map(({ id }) => id));
      await journal.committed();
      expect(journal.mail()).toHaveLength(2);
    });

    it('is nothing for a run that has ended or does not exist', async () => {
      const { run } = await ended();
      post(run.id);
      post('nobody');
      await journal.committed();
      expect(journal.mail()).toEqual([]);
    });

    it('of a run that ends unread goes with it', async () => {
      const { run, log } = await begun();
      post(run.id);
      await journal.committed();
      journal.endRun(run, 'cancelled', 9);
      await journal.reopenRuns([{ run, records: [log.following({ kind: 'reopened', at: 10, label: 'ada', body: '{"superseded":[]}' })] }]);
      expect(journal.mail()).toEqual([]);
    });

    it('wakes a run that waits, also when it came before the run was put aside', async () => {
      const [early, late] = [await begun(), await begun()];
      post(early.run.id);
      await journal.committed();
      journal.putAside(early.run, WAITING);
      journal.putAside(late.run, WAITING);
      await journal.committed();
      expect(journal.mail()).toEqual([]);
      expect(ids(await journal.claim({ mailed: true }, 9))).toEqual([early.run.id]);
      expect(journal.mail()).toHaveLength(1);
      post(late.run.id);
      expect(ids(await journal.claim({ mailed: true }, 9))).toEqual([late.run.id]);
      expect(await journal.claim({ mailed: true }, 9)).toEqual([]);
    });
  });

  describe('a claim', () => {
    const dueAt = (due: number): Rest => ({ standing: 'waiting', due, waits: [{ what: 'timer', name: '', until: due }] });

    it('takes the runs whose time has come, the one due first before the others, and each once', async () => {
      const [a, b, c] = [await begun(), await begun(), await begun()];
      journal.putAside(a.run, dueAt(300));
      journal.putAside(b.run, dueAt(100));
      journal.putAside(c.run, dueAt(200));
      await journal.committed();
      expect(journal.nextDue()).toBe(100);
      expect(rowOf(journal, b.run)).toMatchObject({ standing: 'waiting', due: 100, waits: [{ what: 'timer', until: 100 }], owner: null });
      expect(await journal.claim({ dueBy: 99 }, 9)).toEqual([]);
      const taken = await journal.claim({ dueBy: 250 }, 9);
      expect(ids(taken)).toEqual([b.run.id, c.run.id]);
      expect(taken[0]).toMatchObject({ standing: 'running', due: null, waits: [] });
      expect(journal.isOwned(rowOf(journal, b.run))).toBe(true);
      expect(await journal.claim({ dueBy: 250 }, 9)).toEqual([]);
      expect(journal.nextDue()).toBe(300);
    });

    it('takes no more than asked for', async () => {
      for (let n = 0; n < 4; n += 1) journal.putAside((await begun()).run, dueAt(n));
      expect(await journal.claim({ dueBy: 9 }, 3)).toHaveLength(3);
      expect(await journal.claim({ dueBy: 9 }, 3)).toHaveLength(1);
      expect(journal.nextDue()).toBeUndefined();
    });

    it('takes one run by its id whatever it stands at, unless somebody has it or it has ended', async () => {
      const [waiting, stopped, owned, over] = [await begun(), await begun(), await begun(), await ended()];
      journal.putAside(waiting.run, WAITING);
      journal.putAside(stopped.run, { standing: 'stopped', due: null, waits: [{ what: 'person', name: 'why' }] });
      await journal.committed();
      expect(rowOf(journal, stopped.run)).toMatchObject({ standing: 'stopped', waits: [{ what: 'person', name: 'why' }] });
      for (const { run } of [waiting, stopped]) expect(ids(await journal.claim({ id: run.id }, 1))).toEqual([run.id]);
      for (const { run } of [owned, over]) expect(await journal.claim({ id: run.id }, 1)).toEqual([]);
    });

    it('takes what was given up while it ran, and what could not go on only when that is asked for', async () => {
      const [handed, stopped, waiting] = [await begun(), await begun(), await begun()];
      journal.putAside(handed.run, { standing: 'running', due: null, waits: [] });
      journal.putAside(stopped.run, { standing: 'stopped', due: null, waits: [] });
      journal.putAside(waiting.run, WAITING);
      expect(ids(await journal.claim({ abandoned: true, stopped: false }, 9))).toEqual([handed.run.id]);
      expect(ids(await journal.claim({ abandoned: true, stopped: true }, 9))).toEqual([stopped.run.id]);
    });

    it('leaves runs of commands alone that this process does not know', async () => {
      const { run } = await begun({ command: 'swim' });
      post(run.id);
      journal.putAside(run, dueAt(1));
      await journal.committed();
      expect(journal.nextDue()).toBeUndefined();
      expect(await journal.claim({ dueBy: 9 }, 9)).toEqual([]);
      expect(await journal.claim({ mailed: true }, 9)).toEqual([]);
      expect(await journal.claim({ id: run.id }, 9)).toEqual([]);
    });
  });

  describe('a queue', () => {
    const UNLIMITED = { name: 'q', concurrency: undefined, rate: undefined };
    const queued = (id: string, key = '', priority = 0) => begun({ id, place: { queue: 'q', key, priority } });

    it("holds its runs until they are admitted, and then they are this process's", async () => {
      const { run } = await queued('a');
      expect(rowOf(journal, run)).toMatchObject({ standing: 'queued', owner: null, place: { queue: 'q', key: '', priority: 0 } });
      expect(await journal.claim({ abandoned: true, stopped: true }, 9)).toEqual([]);
      const { admitted, nextAt } = await journal.admit(UNLIMITED, 0, 9);
      expect(admitted).toMatchObject([{ id: 'a', standing: 'running' }]);
      expect(nextAt).toBeUndefined();
      expect(journal.isOwned(rowOf(journal, run))).toBe(true);
      expect((await journal.admit(UNLIMITED, 0, 9)).admitted).toEqual([]);
    });

    it('serves by priority, then keys by turns, then age', async () => {
      for (const [id, key, priority] of [
        ['a1', 'a', 0],
        ['a2', 'a', 0],
        ['a3', 'a', 0],
        ['b1', 'b', 0],
        ['b2', 'b', 0],
        ['c1', 'c', 5],
      ] as const)
        await queued(id, key, priority);
      const order: string[] = [];
      for (let n = 0; n < 3; n += 1) order.push(...ids((await journal.admit(UNLIMITED, 0, 2)).admitted));
      expect(order).toEqual(['c1', 'a1', 'b1', 'a2', 'b2', 'a3']);
    });

    it('begins no more runs than may go on at once; those that wait and those that stopped count, those that ended do not', async () => {
      const limits = { name: 'q', concurrency: 2, rate: undefined };
      for (const id of ['a', 'b', 'c', 'd']) await queued(id);
      await begun(); // In no queue.
      const [a, b] = (await journal.admit(limits, 0, 9)).admitted;
      expect((await journal.admit(limits, 0, 9)).admitted).toEqual([]);
      if (!a || !b) throw new Error('two are admitted');
      journal.putAside(a, WAITING);
      expect((await journal.admit(limits, 0, 9)).admitted).toEqual([]);
      journal.endRun(b, 'completed', 1);
      expect(ids((await journal.admit(limits, 0, 9)).admitted)).toEqual(['c']);
    });

    it('begins as many at once as its rate counts, then one after the other, and says when the next', async () => {
      const limits = { name: 'q', concurrency: undefined, rate: { count: 2, perMs: 1000 } };
      for (const id of ['a', 'b', 'c', 'd', 'e']) await queued(id);
      expect(await journal.admit(limits, 10_000, 9)).toMatchObject({ admitted: [{ id: 'a' }, { id: 'b' }], nextAt: 10_500 });
      expect(await journal.admit(limits, 10_499, 9)).toMatchObject({ admitted: [], nextAt: 10_500 });
      expect(await journal.admit(limits, 10_500, 9)).toMatchObject({ admitted: [{ id: 'c' }], nextAt: 11_000 });
      expect(await journal.admit(limits, 20_000, 9)).toMatchObject({ admitted: [{ id: 'd' }, { id: 'e' }], nextAt: undefined });
    });

    it('is not closed for longer than its rate when the clock was set back', async () => {
      const limits = { name: 'q', concurrency: undefined, rate: { count: 1, perMs: 1000 } };
      for (const id of ['a', 'b']) await queued(id);
      expect((await journal.admit(limits, 9_000_000, 1)).admitted).toHaveLength(1);
      expect(await journal.admit(limits, 5000, 1)).toMatchObject({ admitted: [], nextAt: 6000 });
    });

    it('leaves a queued run alone that is taken by its id', async () => {
      await queued('a');
      expect(await journal.claim({ id: 'a' }, 1)).toMatchObject([{ id: 'a', standing: 'running' }]);
      expect((await journal.admit(UNLIMITED, 0, 9)).admitted).toEqual([]);
    });
  });
});

describe.each(['inline', 'thread'] as const)('a journal that cannot be written for a reason that stays: %s', (writes) => {
  it('answers nobody any more, and is never idle', async () => {
    const journal = openJournal(join(folder, `${files++}.db`), { writes });
    const { run, log } = addRun(journal);
    await journal.committed();
    log.append({ kind: 'event', at: 1, label: 'one' });
    (Reflect.get(journal, 'database') as DatabaseSync).exec('DROP TABLE mail');
    journal.post({ run: run.id, kind: 'signal', name: 'go', token: 't', body: '1', at: 5 });
    await expect(journal.committed()).rejects.toMatchObject({ code: 'JOURNAL_WRITE_FAILED' });
    expect(journal.idle).toBe(false);
    await expect(journal.committed()).rejects.toMatchObject({ code: 'JOURNAL_WRITE_FAILED' });
    expect(journal.records(run)).toHaveLength(1);
    await journal.close();
  });
});

describe.each(['inline', 'thread'] as const)('a journal that is given what does not fit to a run: %s', (writes) => {
  it('writes none of it, lets go of its runs, and begins anew', async () => {
    const journal = openJournal(join(folder, `${files++}.db`), { writes });
    const [{ run, log }, other] = [addRun(journal), addRun(journal)];
    await journal.committed();
    addStep(other, 'lost');
    const record = log.append({ kind: 'event', at: 1, label: 'one' });
    journal.addRecord(run, record); // A second one with its number.
    await expect(journal.committed()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(() => addStep(other, 'later')).toThrow(expect.objectContaining({ code: 'LEASE_LOST' }));
    const taken = await journal.claim({ abandoned: true, stopped: false }, 9);
    expect(ids(taken)).toEqual([run.id, other.run.id]);
    for (const one of taken) expect(journal.records(one)).toHaveLength(1);
    addStep({ run: taken[1] as RunRow, log: RunLog.read(journal, taken[1] as RunRow) }, 'again');
    await journal.committed();
    expect(journal.records(other.run)).toHaveLength(2);
    await journal.close();
  });
});

describe.each(['inline', 'thread'] as const)('commits: %s', (writes) => {
  it('of one turn of the event loop share a transaction', async () => {
    const journal = openJournal(join(folder, `${files++}.db`), { writes });
    const watcher = openJournal(join(folder, `${files - 1}.db`), { readOnly: true });
    const version = (): unknown => (Reflect.get(watcher, 'database') as DatabaseSync).prepare('PRAGMA data_version').get()?.data_version;
    const begun = Array.from({ length: 50 }, () => addRun(journal));
    const before = Number(version());
    await Promise.all(begun.map(() => journal.committed()));
    expect(Number(version())).toBe(before + 1);
    expect(journal.openRuns()).toHaveLength(50);
    await watcher.close();
    await journal.close();
  });
});
