/**
 * Resumes programs that were cut off with an edited text, and says what became of each: whether every call that is still there
 * was told what was recorded for it.
 */
import fc from 'fast-check';
import type { EngineUnderTest } from './engineUnderTest.js';
import { ModelReference } from './modelReference.js';
import { driveAll, ModelRun } from './modelRun.js';
import type { Load } from './ProgramProcess.js';
import { EDITS, type Edit, type EditKind, edited, placeBefore } from './programEdits.js';
import { type Program, plainStep, programs } from './randomProgram.js';
import { chanceOf } from './scriptedChance.js';

const VERDICTS = [
  /** It ended, and all that was recorded was told where it was recorded. */
  'right',
  /** Refused before anything was done. */
  'refused',
  /** Refused after something was done, with everything told rightly until then. */
  'refused later',
  /** Something was told in the wrong place, and the run was refused after something else was done. */
  'wrong, refused later',
  /** Something was told in the wrong place, and nobody learns of it. */
  'wrong in silence',
  'something else',
] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Resumption {
  readonly seed: number;
  readonly cut: number;
  readonly kind: EditKind;
  readonly verdict: Verdict;
  readonly detail: string;
}

interface Recorded {
  readonly ask: string;
  readonly text: string;
}

export class EditedResumptions {
  readonly list: Resumption[] = [];

  /** @param operations names of which each call has one by chance: with few of them, most programs have equal calls */
  constructor(
    private readonly engine: EngineUnderTest,
    private readonly operations: number,
  ) {}

  /** How many came to each. */
  get table(): Readonly<Record<EditKind, Readonly<Record<Verdict, number>>>> {
    const countOf = (kind: EditKind, verdict: Verdict): number =>
      this.list.filter((one) => one.kind === kind && one.verdict === verdict).length;
    const row = (kind: EditKind) => Object.fromEntries(VERDICTS.map((verdict) => [verdict, countOf(kind, verdict)]));
    return Object.fromEntries(EDITS.map((kind) => [kind, row(kind)])) as Record<EditKind, Record<Verdict, number>>; // A row for each.
  }

  async run(seeds: readonly number[]): Promise<void> {
    const wholes = seeds.map((seed) => {
      const [program] = fc.sample(programs({ stepsOnly: true, depthMax: 2, operations: this.operations }), { seed, numRuns: 1 });
      if (!program) throw new Error('no program');
      return { seed, program, run: new ModelRun({ engine: this.engine, program, seed, faultless: true }) };
    });
    await Promise.all(wholes.map(({ run }) => run.begin()));
    await driveAll(wholes.map(({ run }) => run));
    const resumed = wholes.flatMap(({ seed, program, run }) => this.resumptionsOf(seed, program, run));
    await Promise.all(resumed.map(({ run, whole }) => run.recover(whole.runId)));
    await driveAll(resumed.map(({ run }) => run));
    for (const { seed, cut, edit, run, recorded } of resumed) {
      run.leave();
      this.list.push({ seed, cut, kind: edit.kind, ...verdictOn(run, edit, recorded) });
    }
  }

  private resumptionsOf(seed: number, program: Program, whole: ModelRun) {
    whole.leave();
    const [load] = whole.loads;
    if (!load) throw new Error('not loaded');
    const reference = new ModelReference(load, whole.disk, whole.reached);
    return whole.disk.cuts.flatMap((cut) =>
      EDITS.flatMap((kind) => {
        const draw = (below: number): number => chanceOf(`${seed} ${cut} ${kind} ${below}`) % below;
        const [inserted] = fc.sample(plainStep(this.operations), { seed: seed + cut, numRuns: 1 });
        const edit = inserted && edited(program.root, kind, inserted, draw);
        if (!edit) return [];
        const parts = { engine: this.engine, program: { ...program, root: edit.root }, seed, fingerprint: 'f2', faultless: true };
        const run = new ModelRun(parts, whole.disk.copyAfter(cut));
        return [{ seed, cut, edit, run, whole, recorded: recordedBy(reference, load, whole, cut) }];
      }),
    );
  }
}

/** What is on the disk for each place. */
function recordedBy(reference: ModelReference, load: Load, whole: ModelRun, cut: number): ReadonlyMap<string, Recorded> {
  const last = whole.disk.writes.slice(0, cut).findLast(({ record }) => record)?.record?.seq ?? 0;
  const asks = asksOf(load);
  const told = reference.toldUntil(last);
  return new Map(told.map(({ place, text }) => [place, { text, ask: asks.get(place) ?? '' }]));
}

function asksOf({ trace }: Load): ReadonlyMap<string, string> {
  return new Map(trace.filter(({ at }) => at === 'ask').map(({ place, text }) => [place, text]));
}

function verdictOn(run: ModelRun, edit: Edit, recorded: ReadonlyMap<string, Recorded>): { verdict: Verdict; detail: string } {
  const [load] = run.loads;
  const code = run.failure instanceof Error && 'code' in run.failure ? run.failure.code : undefined;
  const refused = code === 'RUN_DIVERGED';
  if (!load || !(refused || run.ended)) return { verdict: 'something else', detail: run.describe };
  if (refused && run.reached.length === 0) return { verdict: 'refused', detail: String(run.failure) };
  const wrongs = edit.readings.map((reading) => wrongIn(load, recorded, (place) => placeBefore(place, reading)));
  const wrong = wrongs.every((detail) => detail !== undefined);
  const detail = wrong ? (wrongs[0] ?? '') : run.failure instanceof Error ? run.failure.message : '';
  if (refused) return { verdict: wrong ? 'wrong, refused later' : 'refused later', detail };
  return { verdict: wrong ? 'wrong in silence' : 'right', detail };
}

/** A call that is still there, with the same input, and was not told what was recorded for it; or one that was told what is another's. */
function wrongIn(load: Load, recorded: ReadonlyMap<string, Recorded>, before: (place: string) => string): string | undefined {
  const asks = new Map([...asksOf(load)].map(([place, text]) => [before(place), text]));
  const owners = new Map([...recorded].map(([place, { text }]) => [text, place]));
  for (const line of load.trace) {
    if (line.at !== 'own') continue;
    const place = before(line.place);
    const own = recorded.get(place);
    if (own && own.ask === asks.get(place) && own.text !== line.text) return `${place}: ${own.text} became ${line.text}`;
    const owner = owners.get(line.text);
    if (owner !== undefined && owner !== place && asks.get(owner) === recorded.get(owner)?.ask)
      return `${line.text} of ${owner} was told at ${place}`;
  }
  return undefined;
}
