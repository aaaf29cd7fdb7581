/** Several real processes with an application each, on one journal: killed, stopped, begun together, and telling each other's runs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { bundleOf } from '../support/processBundle.js';
import { type HostOptions, type Marked, marksOf, ProcessHost, stateOf } from '../support/processesHost.js';

jest.setTimeout(60_000);

const program = bundleOf('processesProbe.ts');
const folder = mkdtempSync(join(tmpdir(), 'processes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let journals = 0;
let file: string;
let log: string;
const hosts: ProcessHost[] = [];

beforeEach(() => {
  journals += 1;
  file = join(folder, `${journals}.db`);
  log = join(folder, `${journals}.log`);
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.kill();
});

async function host(options: Partial<HostOptions> = {}): Promise<ProcessHost> {
  const started = await ProcessHost.start(program, { file, log, ...options });
  hosts.push(started);
  return started;
}

const DONE = 'one done, two done, three done, four done, five done, 7';
const HALTED = 'one done, two done, three done, four done, five done';

/** Rows of the journal as it stands. */
function rows(sql: string): readonly Record<string, unknown>[] {
  using database = new DatabaseSync(file, { readOnly: true });
  return database.prepare(sql).all();
}

/** Effects that a process began after another one had taken the run over. */
function doubleHolders(marks: readonly Marked[]): readonly string[] {
  const uids = new Map(rows('SELECT id, uid FROM run').map(({ id, uid }) => [Number(id), String(uid)]));
  const taken = marks.flatMap((mark) => ('run' in mark && mark.mark === 'resumed' ? [{ ...mark, uid: uids.get(mark.run) }] : []));
  return marks.flatMap((mark) => {
    if (!('key' in mark) || mark.mark !== 'begin') return [];
    const run = mark.key.split('/')[0];
    const lastTaker = taken.filter(({ uid, at }) => uid === run && at < mark.at).at(-1);
    return lastTaker && lastTaker.pid !== mark.pid ? [`${mark.step} of ${run}`] : [];
  });
}

/** Effects that began although their outcome was recorded. */
function repeated(marks: readonly Marked[]): readonly string[] {
  const uids = new Map(rows('SELECT id, uid FROM run').map(({ id, uid }) => [Number(id), String(uid)]));
  const ended = new Map<string, bigint>();
  for (const mark of marks) if ('run' in mark && mark.mark === 'step-ended') ended.set(`${uids.get(mark.run)}/${mark.step}`, mark.at);
  return marks.flatMap((mark) => {
    const recorded = 'key' in mark && mark.mark === 'begin' ? ended.get(mark.key) : undefined;
    return recorded !== undefined && mark.at > recorded && 'key' in mark ? [mark.key] : [];
  });
}

/** Outcomes of steps that stand in the journal more than once. */
const recordedTwice = () =>
  rows("SELECT run, step FROM record WHERE kind = 'step-ended' AND status = 'succeeded' GROUP BY run, step HAVING count(*) > 1");

describe('processes that share a journal', () => {
  it('finish every run of one that is killed under load, none twice', async () => {
    const [one, other] = [await host({ unloadAfterMs: 5 }), await host({ unloadAfterMs: 5 })];
    const begun = await Promise.all(Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? one : other).ask('start', 'errand', n)));
    const told = Promise.all(begun.map((id, n) => (n % 4 < 2 ? other : one).ask('notify', id, 'go').catch(() => undefined)));
    await one.hasDone(250);
    await one.kill();
    await told;
    await Promise.all(begun.map((id) => other.ask('notify', id, 'go').catch(() => undefined))); // What the killed one may not have sent.
    expect(new Set(await Promise.all(begun.map((id) => other.ask('outcome', id))))).toEqual(new Set([DONE]));
    const marks = marksOf(log);
    expect(recordedTwice()).toEqual([]);
    expect(repeated(marks)).toEqual([]);
    expect(doubleHolders(marks)).toEqual([]);
    expect(rows("SELECT count(*) AS n FROM run WHERE status = 'completed'")).toEqual([{ n: 200 }]);
  });

  it('go on with the runs of one that stands still, which does nothing for them any more when it wakes, and is of use again', async () => {
    const sleepy = await host({ leaseMs: 300, halting: true });
    const begun = await Promise.all(Array.from({ length: 20 }, (_, n) => sleepy.ask('start', 'halting', n)));
    const answers = begun.map((id) => sleepy.ask('outcome', id));
    while (stateOf(sleepy.pid) !== 'T') await new Promise((resolve) => setImmediate(resolve));
    const other = await host({ leaseMs: 300 });
    expect(new Set(await Promise.all(begun.map((id) => other.ask('outcome', id))))).toEqual(new Set([HALTED]));
    sleepy.signal('SIGCONT');
    expect(new Set(await Promise.all(answers))).toEqual(new Set([HALTED]));
    const again = await sleepy.ask('start', 'halting', 1);
    expect(await sleepy.ask('outcome', again)).toBe(HALTED);
    const marks = marksOf(log);
    expect(recordedTwice()).toEqual([]);
    expect(repeated(marks)).toEqual([]);
    expect(doubleHolders(marks)).toEqual([]);
    expect(marks.some((mark) => mark.pid === other.pid && 'key' in mark)).toBe(true);
  });

  it('have each run in one of them, also when they are held up by turns for longer than their lease', async () => {
    const both = [await host({ leaseMs: 200, unloadAfterMs: 5 }), await host({ leaseMs: 200, unloadAfterMs: 5 })] as const;
    const begun = await Promise.all(Array.from({ length: 120 }, (_, n) => both[n % 2 === 0 ? 0 : 1].ask('start', 'errand', n)));
    const told = Promise.all(begun.map((id, n) => both[n % 4 < 2 ? 0 : 1].ask('notify', id, 'go')));
    for (const [round, effects] of [20, 60, 60, 120].entries()) {
      const held = both[round % 2 === 0 ? 0 : 1];
      await held.hasDone(effects);
      held.signal('SIGSTOP'); // Anywhere, also inside a commit: then the other waits for the lock of the file.
      // A stopped process cannot say that its lease is over, which is a matter of real time.
      await new Promise((resolve) => setTimeout(resolve, 500));
      held.signal('SIGCONT');
    }
    await told;
    const outcomes = begun.flatMap((id) => both.map((each) => each.ask('outcome', id)));
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set([DONE]));
    const marks = marksOf(log);
    expect(recordedTwice()).toEqual([]);
    expect(repeated(marks)).toEqual([]);
    expect(doubleHolders(marks)).toEqual([]);
  });

  it('make one journal when they begin together where there is none', async () => {
    const together = await Promise.all(Array.from({ length: 8 }, () => host()));
    const begun = await Promise.all(together.map((each, n) => each.ask('start', 'halting', n)));
    expect(new Set(await Promise.all(together.map((each, n) => each.ask('outcome', begun[7 - n] ?? ''))))).toEqual(new Set([HALTED]));
    expect(rows('SELECT count(*) AS runs, count(DISTINCT uid) AS different FROM run')).toEqual([{ runs: 8, different: 8 }]);
  });

  it('have one run of a key that two of them start at the same time', async () => {
    const [one, other] = [await host(), await host()];
    const keys = Array.from({ length: 50 }, (_, n) => `key ${n}`);
    const ids = await Promise.all(
      keys.map((key) => Promise.all([one.ask('start', 'halting', 1, key), other.ask('start', 'halting', 1, key)])),
    );
    for (const [first, second] of ids) expect(second).toBe(first);
    const outcomes = ids.flatMap(([first, second]) => [one.ask('outcome', first), other.ask('outcome', second)]);
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set([HALTED]));
    expect(rows('SELECT count(*) AS n FROM run')).toEqual([{ n: 50 }]);
    const begins = marksOf(log).flatMap((mark) => ('key' in mark && mark.mark === 'begin' ? [mark.key] : []));
    expect(new Set(begins).size).toBe(begins.length);
  });

  it('signal and cancel runs that another has loaded, and runs that nobody has', async () => {
    const [one, other] = [await host({ unloadAfterMs: 1 }), await host({ unloadAfterMs: 1 })];
    const loaded = await Promise.all([one.ask('start', 'busy', 0), one.ask('start', 'busy', 0)]);
    const unloaded = await Promise.all([one.ask('start', 'patient', 0), one.ask('start', 'patient', 0)]);
    for (const id of unloaded) while ((await other.ask('state', id)) !== 'waiting') await new Promise((resolve) => setImmediate(resolve));
    for (const id of loaded) expect(await other.ask('state', id)).toBe('running');
    await Promise.all([loaded[0], unloaded[0]].map((id) => other.ask('notify', id, 'go')));
    await Promise.all([loaded[1], unloaded[1]].map((id) => other.ask('cancel', id)));
    const outcomes = (from: ProcessHost) => Promise.all([...loaded, ...unloaded].map((id) => from.ask('outcome', id)));
    const expected = ['worked with 7', 'cancelled', 'leave done with 7', 'cancelled'];
    expect(await Promise.all([outcomes(one), outcomes(other)])).toEqual([expected, expected]);
    expect(marksOf(log).filter((mark) => 'key' in mark && mark.mark === 'end' && mark.step === 'undo book')).toHaveLength(1);
  });

  it.each(['leave', 'kill'] as const)('wake in time a run whose process is gone: %s', async (way) => {
    const [one, other] = [await host({ unloadAfterMs: 1 }), await host({ unloadAfterMs: 1 })];
    const id = await one.ask('start', 'sleeper', 0);
    while ((await other.ask('state', id)) !== 'waiting') await new Promise((resolve) => setImmediate(resolve));
    await one[way]();
    const lateMs = Number(await other.ask('outcome', id));
    console.log(`woken ${lateMs} ms late`);
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(1000);
  });
});
