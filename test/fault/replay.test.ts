/**
 * R3, R7, R8: a run that is cut off after any record and resumed delivers what was recorded to where it was asked for,
 * in the same order, and executes nothing recorded again.
 */
import { join } from 'node:path';
import fc from 'fast-check';
import type { Engine } from '../../src/engine/Engine.js';
import type { JournalRecord } from '../../src/engine/Record.js';
import { Carried } from '../../src/kernel/codec/Carried.js';
import { digest } from '../../src/kernel/digest.js';
import { begin, codec, cutJournal, journalFolder, openEngine } from '../support/engineHarness.js';
import { codeOf, type Node, program, type World } from '../support/randomProgram.js';

const folder = journalFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

/** Answers by the key of the call: late or at once, with a value or a refusal; notes what was executed. */
function worldOf(seed: number, executed: string[]): World {
  return async (call) => {
    const chance = Number.parseInt(
      Buffer.from(digest(`${seed}${call.key.slice(37)}`))
        .toString('hex')
        .slice(0, 8),
      16,
    );
    executed.push(call.key);
    for (let turn = chance % 5; turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve));
    if (chance % 6 === 0) throw new Error(`refused ${chance % 97}`);
    return chance % 97;
  };
}

async function finish(engine: Engine, id: string) {
  const ended = await (await engine.resume(id)).ended();
  return codec.revive(ended.result ?? Carried.ofText('null'));
}

interface Live {
  readonly file: string;
  readonly id: string;
  readonly trace: readonly string[];
  /** What the code is told by each record: the outcome of a step, a decision, or nothing. */
  readonly outcomes: readonly ({ readonly step: string | undefined } | undefined)[];
}

/** A decision that nobody asked for does not reach the code. */
function outcomeOf({ kind, step }: JournalRecord): { readonly step: string | undefined } | undefined {
  if (kind === 'step-ended') return { step: step ?? '' };
  return kind === 'gate-stood' ? { step: undefined } : undefined;
}

async function live(root: Node, seed: number): Promise<Live> {
  const file = newFile();
  const trace: string[] = [];
  const engine = await openEngine(file, codeOf(root, worldOf(seed, []), { trace }));
  const handle = await begin(engine);
  for (let n = 0; n < seed % 3; n += 1) await handle.override('stock', { by: 'ada', reason: `counted ${n}` }).catch(() => undefined);
  await handle.ended();
  const { records } = await engine.history(handle.id);
  await engine.close();
  return { file, id: handle.id, trace, outcomes: records.map(outcomeOf) };
}

describe('a run that is cut off and resumed', () => {
  it('delivers every recorded outcome to its place again, after each of its records', async () => {
    let points = 0;
    await fc.assert(
      fc.asyncProperty(program, fc.integer(), async (root, seed) => {
        const { file, id, trace, outcomes } = await live(root, seed);
        for (let records = 1; records < outcomes.length; records += 1) {
          const recorded = outcomes.slice(0, records).filter((outcome) => outcome !== undefined);
          const copy = newFile();
          cutJournal(file, copy, records);
          const again: string[] = [];
          const executed: string[] = [];
          const engine = await openEngine(copy, codeOf(root, worldOf(seed, executed), { trace: again }));
          await finish(engine, id);
          await engine.close();
          points += 1;
          expect(again.slice(0, recorded.length)).toEqual(trace.slice(0, recorded.length));
          for (const { step } of recorded) expect(executed).not.toContain(`${id}/${step}`);
          expect(new Set(executed).size).toBe(executed.length);
        }
      }),
      { numRuns: 60, endOnFailure: true },
    );
    expect(points).toBeGreaterThan(200);
  }, 60_000);

  it('ends with the same result when only the end of the run was lost', async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.integer(), async (root, seed) => {
        const { file, id, outcomes } = await live(root, seed);
        const copy = newFile();
        cutJournal(file, copy, outcomes.length - 1);
        const code = codeOf(root, worldOf(seed, []), { trace: [] });
        const [whole, cut] = [await openEngine(file, code), await openEngine(copy, code)];
        expect(await finish(cut, id)).toEqual(await finish(whole, id));
        await Promise.all([whole.close(), cut.close()]);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  }, 60_000);
});
