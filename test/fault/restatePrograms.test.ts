/**
 * Random programs on two Restate workers whose connections are cut all the time, while mail and cancellations come for the runs. Times are real.
 *
 * SEED repeats what is random here; which of two things happens first is the machine's.
 */
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { invocations } from '../../bench/support/restate/invocations.js';
import type { EndedRun, RunHandle, RunHistory } from '../../src/engine/Engine.js';
import { SixfoldError } from '../../src/kernel/errors.js';
import { codec, journalFolder } from '../support/engineHarness.js';
import { type Node, type Program, partsOf, programs } from '../support/randomProgram.js';
import { hasRestate, restateServers } from '../support/restate/engines.js';
import { COMMAND, type ProgramRun, RestatePrograms } from '../support/restate/RestatePrograms.js';

jest.setTimeout(90_000);
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** How many. What they find follows from what happens first, so that they explore and are no proof: they run when they are asked for. */
const PROGRAMS = Number(process.env.PROGRAMS ?? 0);
const CUTS_MAX = 45;
/** Enough to end a program that waits for a signal at its every turn. */
const LETTERS_MAX = 200;
const SLEEP_MS_MAX = 150;
const SIGNAL_MS_MAX = 200;
/** A load may hear so late that its connection was cut and another has gone on. */
const SUPERSEDED_MS = 500;
/** Far longer than all runs take. */
const END_MS_MAX = 25_000;

const isRunnable = PROGRAMS > 0 && hasRestate();
if (!isRunnable)
  process.stderr.write('restatePrograms.test.ts: skipped, they run where there is Restate, when PROGRAMS=15 asks for them.\n');
const onRestate = isRunnable ? describe : describe.skip;

onRestate('random programs on two workers that are cut off again and again', () => {
  const folder = journalFolder();

  describe.each([
    { how: 'as they come', forceReplay: false },
    { how: 'replayed at every await', forceReplay: true },
  ])('$how', ({ how, forceReplay }) => {
    const servers = restateServers(folder, { forceReplay });

    it('end as their history says, repeat nothing that was recorded or is once, and undo what they did', async () => {
      const seed = forceReplay ? SEED + 1 : SEED;
      await using started = await RestatePrograms.open(servers, seed);
      const sampled = fc.sample(programs({ operations: 4, depthMax: 3 }), { seed, numRuns: PROGRAMS });
      for (const { root, undoes } of sampled) await started.start({ root: shortened(root), undoes });

      const { ends, cuts } = await disturbed(started);
      const findings = [...started.errors, ...started.effects.repeated, ...(await repeatedThoughRecorded(started))];
      for (const [index, run] of started.runs.entries()) findings.push(...(await wrongIn(started, run, ends[index])));
      findings.push(...(await stuck(started.adminUrl)));

      const kinds = Object.entries(Object.groupBy(ends, (ended) => ended?.status ?? 'open'));
      const counts = kinds.map(([status, list]) => `${list?.length} ${status}`).join(', ');
      console.log(`seed ${SEED}: programs ${how}, ${cuts} cuts, ${started.effects.begun.length} calls: ${counts}`);
      expect(findings).toEqual([]);
    });
  });
});

/** @returns how each run ended, undefined for one that did not in time */
async function disturbed(started: RestatePrograms): Promise<{ ends: readonly (EndedRun | undefined)[]; cuts: number }> {
  const over = new AbortController();
  const disturbance = Promise.all([
    cutOff(started, over.signal),
    tellChildren(started, over.signal),
    ...started.runs.map((run, index) => write(started, { run, index }, over.signal)),
  ]);
  const alarm = wait(END_MS_MAX, undefined, { signal: over.signal }).catch(() => undefined);
  try {
    const ends = await Promise.all(started.runs.map(({ handle }) => Promise.race([endOf(started, handle), alarm])));
    over.abort();
    const [cuts] = await disturbance;
    return { ends, cuts };
  } finally {
    over.abort();
  }
}

/** Undefined, and noted, when the run stands still. */
async function endOf({ errors }: RestatePrograms, handle: RunHandle): Promise<EndedRun | undefined> {
  return handle.ended().catch((error: unknown) => {
    errors.push(`the end of ${handle.id}: ${String(error)}`);
    return undefined;
  });
}

/** @returns how often */
async function cutOff(started: RestatePrograms, over: AbortSignal): Promise<number> {
  for (let cut = 0; cut < CUTS_MAX; cut += 1) {
    const chance = started.effects.chance(`cut ${cut}`);
    await wait(20 + (chance % 120));
    if (over.aborted) return cut;
    started.cut();
    await wait((chance >>> 8) % 40);
    started.lead((chance >>> 16) % 2);
  }
  return CUTS_MAX;
}

/** Signals, decisions, and now and then a cancellation, here or by an operator of Restate. */
async function write(started: RestatePrograms, to: { run: ProgramRun; index: number }, over: AbortSignal) {
  const { engine, effects, adminUrl } = started;
  const { id } = to.run.handle;
  for (let letter = 0; letter < LETTERS_MAX; letter += 1) {
    const chance = effects.chance(`letter ${letter} to ${to.index}`);
    await wait(chance % (letter < 4 ? 60 : 400));
    if (over.aborted) return;
    const written = async (): Promise<void> => {
      if (chance % 17 === 0) await engine.cancel(id, 'why not');
      else if (chance % 19 === 0) await cancelInRestate(adminUrl, id);
      else if (chance % 5 === 0) await engine.override(id, chance % 2 ? 'stock' : 'price', { by: 'somebody', reason: 'chance' });
      else await engine.notify(id, { name: chance % 2 ? 'go' : 'stop', value: codec.encode(letter, 'signal'), token: `${letter}` });
    };
    if (!(await isOpen(started, written()))) return;
  }
}

/** What they wait for comes to all of them, over and over. */
async function tellChildren(started: RestatePrograms, over: AbortSignal): Promise<void> {
  const { engine, children } = started;
  for (let letter = 0; !over.aborted; letter += 1) {
    await wait(300);
    for (const id of children) {
      const value = codec.encode(letter, 'signal');
      const told = ['go', 'stop'].map((name) => isOpen(started, engine.notify(id, { name, value, token: `${name} ${letter}` })));
      if (!(await Promise.all(told)).every(Boolean)) children.delete(id);
    }
  }
}

/** What is not to be expected of a run that goes on, or has ended meanwhile, is noted. */
async function isOpen({ errors }: RestatePrograms, told: Promise<void>): Promise<boolean> {
  try {
    await told;
    return true;
  } catch (error) {
    const code = error instanceof SixfoldError ? error.code : undefined;
    if (code !== 'RUN_ENDED' && code !== 'RESTATE_UNREACHABLE') errors.push(`a letter was refused: ${String(error)}`);
    return code !== 'RUN_ENDED';
  }
}

async function cancelInRestate(adminUrl: string, run: string): Promise<void> {
  const where = `target_service_key = '${run.slice(COMMAND.length + 1)}' AND target_handler_name = 'run' AND status <> 'completed'`;
  for (const { id } of await invocations(adminUrl, where)) await fetch(`${adminUrl}/invocations/${id}/cancel`, { method: 'PATCH' });
}

/** What a load began although the journal that it was made of had the outcome, or any load long after that was recorded. */
async function repeatedThoughRecorded(started: RestatePrograms): Promise<readonly string[]> {
  const recordedAt = new Map((await started.recorded()).map(({ run, step, at }) => [`${run} ${step}`, at]));
  expect(recordedAt.size).toBeGreaterThan(0);
  return started.effects.begun.flatMap(({ run, identity, at, loadedAt }) => {
    const doneAt = recordedAt.get(`${run} ${identity}`) ?? at;
    if (loadedAt <= doneAt && at <= doneAt + SUPERSEDED_MS) return [];
    return [
      `${identity} of ${run} began ${at - doneAt} ms after its outcome was recorded, by code loaded ${loadedAt - doneAt} ms after that`,
    ];
  });
}

async function wrongIn(started: RestatePrograms, { handle, program }: ProgramRun, ended: EndedRun | undefined): Promise<readonly string[]> {
  const history = await started.engine.history(handle.id).catch((error: unknown) => String(error));
  if (typeof history === 'string') return [`the history of ${handle.id}: ${history}`];
  const { state, waits, records } = history;
  const told = (what: string): string =>
    `${what}: ${handle.id} ${JSON.stringify({ program, waits })}${records.map(({ seq, kind, label, status }) => `\n  ${seq} ${kind} ${label} ${status}`).join('')}`;
  if (!ended) return [told(`has not ended and is ${state}`)];
  const wrong = state === ended.status ? [] : [told(`has ended ${ended.status}, and its history says ${state}`)];
  return wrong.concat(
    notUndone(started, program, { ended, history }).map((place) => told(`${place} was not undone in what ended ${ended.status}`)),
  );
}

/** Places of effects that stand, though the run says that it undid what it did. */
function notUndone({ effects }: RestatePrograms, program: Program, { ended, history }: { ended: EndedRun; history: RunHistory }) {
  const result = ended.result && (codec.decode(ended.result.text) as { readonly undoing?: string });
  const isUndone =
    ended.status === 'completed' ? program.undoes && !result?.undoing?.startsWith('not undone') : ended.status === 'compensated';
  if (!isUndone || has(program.root, ['race', 'any', 'forgotten'])) return []; // What nobody waits for may begin behind the undoing.
  const { id, records } = history;
  const succeeded = new Set(records.flatMap(({ kind, status, step }) => (kind === 'step-ended' && status === 'succeeded' ? [step] : [])));
  const undone = effects.undoneIn(id);
  // Of what goes on side by side one fails the others, which go on as well.
  const isSettled = (place: string): boolean => (has(program.root, ['all']) ? undone.size > 0 : undone.has(place));
  return effects.undoable
    .filter(({ run, identity, place }) => run === id && succeeded.has(identity) && !isSettled(place))
    .map(({ place }) => place);
}

/** Invocations that somebody has to look at. */
async function stuck(adminUrl: string): Promise<readonly string[]> {
  const odd = `(status IN ('paused', 'backing-off') AND target_handler_name = 'run') OR completion_failure IS NOT NULL`;
  return (await invocations(adminUrl, odd)).map(
    ({ target, status, completion_failure: failure, last_failure: why }) => `${target} is ${status}: ${failure ?? why}`,
  );
}

function has(node: Node, kinds: readonly Node['kind'][]): boolean {
  return kinds.includes(node.kind) || partsOf(node).some((part) => has(part, kinds));
}

/** The same without long waits. */
function shortened(node: Node): Node {
  if (node.kind === 'sleep') return { ...node, ms: Math.min(node.ms, SLEEP_MS_MAX) };
  if (node.kind === 'signal') return { ...node, timeoutMs: node.timeoutMs && Math.min(node.timeoutMs, SIGNAL_MS_MAX) };
  if ('parts' in node) return { ...node, parts: node.parts.map(shortened) };
  return 'part' in node ? { ...node, part: shortened(node.part) } : node;
}
