/** Whether a chain of crashes came to the right end, from what happened in the world and what the journal says. */
import { DatabaseSync } from 'node:sqlite';
import type { Line } from './crashTrial.js';

interface RunRow {
  readonly id: number;
  readonly uid: string;
  readonly status: string | null;
}

interface StepRow {
  readonly run: number;
  readonly step: string;
  readonly label: string;
  readonly status: string;
}

/** What every chain of a scenario has in common. */
export interface Reference {
  readonly ends: string;
  readonly runs: string;
}

/** Whether a run that failed had anything to undo depends on how far it came in its time. */
const RUNS = `SELECT command, replace(status, 'compensated', 'failed') AS end, count(*) AS n FROM run GROUP BY 1, 2 ORDER BY 1, 2`;

/** What a chain came to. */
export function referenceOf(lines: readonly Line[], file: string): Reference {
  using database = new DatabaseSync(file, { readOnly: true });
  return found(lines, database);
}

function found(lines: readonly Line[], database: DatabaseSync): Reference {
  const last = lines.at(-1);
  const runs = database.prepare(RUNS).all();
  return { ends: JSON.stringify(last?.at === 'end' ? last.ends : 'none'), runs: JSON.stringify(runs) };
}

/** @returns what is wrong, in sentences */
export function faultsOf(lines: readonly Line[], file: string, reference: Reference): readonly string[] {
  using database = new DatabaseSync(file, { readOnly: true });
  const { ends, runs: counts } = found(lines, database);
  const runs = database.prepare('SELECT id, uid, status FROM run').all() as unknown as RunRow[];
  const steps = database
    .prepare("SELECT run, step, label, status FROM record WHERE kind = 'step-ended' ORDER BY run, seq")
    .all() as unknown as StepRow[];
  const left = database.prepare('SELECT (SELECT count(*) FROM mail) AS mail, (SELECT count(*) FROM process) AS processes').get();
  return [
    ...(ends === reference.ends ? [] : [`it ended with ${ends} instead of ${reference.ends}`]),
    ...(counts === reference.runs ? [] : [`its runs are ${counts} instead of ${reference.runs}`]),
    ...runs.filter(({ status }) => status === null).map(({ uid }) => `run ${uid} has no end`),
    ...(left?.mail === 0 && left.processes === 0 ? [] : [`the journal still has ${JSON.stringify(left)}`]),
    ...repeatedFaults(lines, new Map(runs.map(({ id, uid }) => [id, uid]))),
    ...keyFaults(lines),
    ...earlyFaults(lines, new Map(runs.map(({ id, uid }) => [id, uid]))),
    ...runs.flatMap((run) => undoFaults(run, steps, lines)),
  ];
}

/** A step whose outcome was recorded is not done again, and an attempt that was recorded is not counted again. */
function repeatedFaults(lines: readonly Line[], uids: ReadonlyMap<number, string>): string[] {
  const faults: string[] = [];
  const ended = new Set<string>();
  const branches: string[] = [];
  const attempts = new Map<string, number>();
  for (const line of lines) {
    if (line.at === 'committed' && line.step !== null) {
      const key = `${uids.get(line.run)}/${line.step}`;
      if (line.kind === 'step-ended' && line.status !== 'unknown')
        ended.add(key); // What is unknown is settled by doing it again (R5).
      else if (line.kind === 'branch-ended') branches.push(`${key}/`);
      else if (line.kind === 'step-attempted') attempts.set(key, attemptIn(line.body));
    } else if (line.at === 'mended')
      ended.clear(); // Up to here only the broken step has failed, and its failure is superseded.
    else if ('key' in line) {
      const again = ended.has(line.key) || branches.some((branch) => line.key.startsWith(branch));
      if (again) faults.push(`${line.at} ${line.step} happened after its outcome was recorded`);
      if (line.at !== 'ask' && line.attempt <= (attempts.get(line.key) ?? 0)) faults.push(`${line.step} lost count of its attempts`);
    }
  }
  return faults;
}

function attemptIn(body: string | null): number {
  return (JSON.parse(body ?? '{}') as { readonly attempt?: number }).attempt ?? 0;
}

/** Nothing begins before what it follows, or its own intent, is on disk (R1, R6), and what is done once happens once (R5). */
function earlyFaults(lines: readonly Line[], uids: ReadonlyMap<number, string>): string[] {
  const faults: string[] = [];
  const intended = new Set<string>();
  const ended = new Set<string>();
  const once = new Set<string>();
  for (const line of lines) {
    if (line.at === 'committed' && line.step !== null) {
      const uid = uids.get(line.run);
      if (line.kind === 'step-intended') intended.add(`${uid}/${line.step}`);
      else if (line.kind === 'step-ended') ended.add(`${uid} ${nameIn(line.step)}`);
    } else if (line.at === 'once' || line.at === 'effect') {
      const before = FOLLOWS.get(line.step);
      if (before !== undefined && !ended.has(`${uidIn(line.key)} ${before}`))
        faults.push(`${line.step} began before ${before} was recorded`);
      const intends = line.at === 'once' || UNDOABLE.has(line.step);
      if (intends && !intended.has(line.key)) faults.push(`${line.step} began before its intent was recorded`);
      if (line.at === 'once' && once.has(line.key)) faults.push(`${line.step} happened twice`);
      if (line.at === 'once') once.add(line.key);
    }
  }
  return faults;
}

function nameIn(identity: string): string {
  return decodeURIComponent(identity.split('/')[1] ?? '');
}

function uidIn(key: string): string {
  return key.split('/')[0] ?? '';
}

/** One key for each step of a run, and the same value whenever it is done. */
function keyFaults(lines: readonly Line[]): string[] {
  const acts = lines.filter((line) => 'key' in line);
  const faults: string[] = [];
  for (const [step, same] of Map.groupBy(acts, ({ at, key, step }) => `${at} ${step} of ${uidIn(key)}`)) {
    if (new Set(same.map(({ key }) => key)).size > 1) faults.push(`${step} has several keys`);
    if (new Set(same.map(({ value }) => JSON.stringify(value))).size > 1) faults.push(`${step} has several values`);
  }
  return faults;
}

/** What was done and can be undone is undone, newest first, each recorded once; nothing else is. */
function undoFaults({ id, uid, status }: RunRow, steps: readonly StepRow[], lines: readonly Line[]): string[] {
  const own = steps.filter(({ run }) => run === id);
  const faults = [...Map.groupBy(own, ({ step }) => step)]
    .filter(([, same]) => same.filter((one) => one.status === 'succeeded').length > 1)
    .map(([step]) => `${step} has several outcomes`);
  const undone = own.filter(({ label }) => label.startsWith('undo ')).map(({ label }) => label.slice('undo '.length));
  const reversed = status !== 'completed' && status !== 'continued';
  const due = own.filter((step) => reversed && step.status === 'succeeded' && UNDOABLE.has(step.label)).map(({ label }) => label);
  if (undone.join() !== due.toReversed().join()) faults.push(`${undone.join()} was undone instead of ${due.toReversed().join()}`);
  const acts = lines.flatMap((line) => (line.at === 'undo' && line.key.startsWith(`${uid}/`) ? [line.step] : []));
  if ([...new Set(acts)].join() !== undone.join())
    faults.push(`${acts.join()} was undone in the world, but ${undone.join()} in the journal`);
  const bare = own.filter(({ label, status: end }) => end === 'succeeded' && ACTED.test(label));
  for (const { step, label } of bare) {
    if (!lines.some((line) => 'key' in line && line.key === `${uid}/${step}`)) faults.push(`${label} is recorded, and never happened`);
  }
  return faults;
}

const UNDOABLE: ReadonlySet<string> = new Set(['reserve', 'left 2', 'right 2', 'charge', 'first', 'second', 'early']);
/** Steps by those that come before them. */
const SEQUENCES = [
  ['reserve', 'pack', 'left 1', 'left 2', 'left 3', 'count', 'charge', 'note'],
  ['pack', 'right 1', 'right 2', 'right 3'],
  ['wrap', 'label'],
  ['first', 'second', 'ready'],
  ['before', 'break', 'after'],
];
const FOLLOWS: ReadonlyMap<string, string> = new Map(
  SEQUENCES.flatMap((names) => names.slice(1).map((name, index) => [name, names[index] ?? ''] as const)),
);
/** Steps with an effect in the world. */
const ACTED = /^(reserve|pack|left|right|charge|note|wrap|label|first|second|ready|early|before|after|break|chapter|heard|undo )/;
