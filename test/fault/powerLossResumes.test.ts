/** R1 after a loss of power: wherever it cut the log of the journal off, the run goes on from there to the same end. */
import { copyFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { DurableRun } from '../../src/abstract/DurableRun.js';
import { presentBranch } from '../../src/kernel/whereabouts.js';
import { begin, journalFolder, openEngine, resultOf } from '../support/engineHarness.js';

const WAL_HEADER = 32;
const FRAME = 24 + 4096;
const folder = journalFolder();
const whole = join(folder, 'whole.db');

/** Steps one after the other, side by side, with an undo and tried again; the last one takes the copy that is cut. */
function program(executed: string[], atLast: () => void) {
  return async (run: DurableRun): Promise<unknown> => {
    run.observe({ type: 'phase', phase: 'execution' });
    const step = (name: string, body: () => unknown = () => name) =>
      run.step({
        branch: ['execution', ...[presentBranch() ?? []].flat()].join('.'),
        name,
        effect: 'idempotent',
        body: (_input, { key }) => {
          executed.push(key);
          return body();
        },
      });
    const out: unknown[] = [run.uuid()];
    for (let n = 0; n < 8; n += 1) out.push(await step(`s${n}`));
    out.push(await Promise.all(['a', 'b', 'c'].map((name) => step(name))));
    out.push(
      await run.step({
        branch: 'execution',
        name: 'tried',
        effect: 'idempotent',
        undoable: true,
        retry: { attemptsMax: 3, backoffMs: 1, on: [Error] },
        body: (_input, { attempt, key }) => {
          executed.push(key);
          if (attempt < 3) throw new Error('busy');
          return `at attempt ${attempt}`;
        },
      }),
    );
    out.push(await run.branch({ phase: 'execution', name: 'part' }, async () => [await step('x'), await step('y')]));
    out.push(await step('last', atLast));
    return out.slice(1);
  };
}

/** The process that wrote it is this one, which a loss of power would have ended. */
function forgetOwner(file: string): void {
  const database = new DatabaseSync(file);
  const made = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'process'").get() !== undefined;
  if (made) database.exec('DELETE FROM process; UPDATE run SET owner = NULL');
  database.close();
}

it('goes on from every cut, does nothing again that is recorded there, and comes to the same end', async () => {
  const copyOf = (from: string, to: string): void => {
    copyFileSync(from, to);
    copyFileSync(`${from}-wal`, `${to}-wal`);
  };
  const engine = await openEngine(
    whole,
    program([], () => copyOf(whole, `${whole}.kept`)),
    { durability: 'power' },
  );
  const reference = await resultOf(await begin(engine));
  await engine.close();
  const { size } = statSync(`${whole}.kept-wal`);
  let resumed = 0;
  let cuts = 0;
  for (let at = WAL_HEADER + FRAME; at <= size; at += FRAME) {
    for (const bytes of [at, at + 7, at + FRAME / 2].filter((cut) => cut <= size)) {
      const file = join(folder, 'cut.db');
      rmSync(`${file}-shm`, { force: true });
      copyOf(`${whole}.kept`, file);
      truncateSync(`${file}-wal`, bytes);
      forgetOwner(file);
      const executed: string[] = [];
      const again = await openEngine(
        file,
        program(executed, () => undefined),
      );
      cuts += 1;
      for (const { id } of await again.list(10)) {
        const { records } = await again.history(id);
        const recorded = records.filter(({ kind }) => kind === 'step-ended').map(({ step }) => `${id}/${step}`);
        expect({ bytes, result: await resultOf(await again.resume(id)) }).toEqual({ bytes, result: reference });
        expect({ bytes, again: executed.filter((key) => recorded.includes(key)) }).toEqual({ bytes, again: [] });
        resumed += 1;
      }
      await again.close();
    }
  }
  console.log(`${cuts} cuts, ${resumed} runs gone on with`);
  expect(resumed).toBeGreaterThan(60);
}, 60_000);
