/** Journals on their own, without an engine. */
import type { Journal, NewRun } from '../../src/engine/embedded/Journal.js';
import { SqliteJournal, type SqliteJournalOptions } from '../../src/engine/embedded/SqliteJournal.js';
import type { QueuePlace, RunRow } from '../../src/engine/run/RunJournal.js';
import { RunLog } from '../../src/engine/run/RunLog.js';
import { Carried } from '../../src/kernel/codec/Carried.js';
import { silent } from './engineHarness.js';

export const ORIGIN = { deadline: undefined, traceparent: undefined, parent: undefined };

let runs = 0;

export interface RunOptions {
  readonly id?: string;
  readonly command?: string;
  readonly key?: string | null;
  readonly startedAt?: number;
  readonly place?: QueuePlace;
}

export function aRun({ id, command = 'walk', key = null, startedAt, place }: RunOptions = {}): NewRun {
  runs += 1;
  return {
    id: id ?? `run-${process.pid}-${String(runs).padStart(6, '0')}`,
    command,
    version: '1',
    params: Carried.ofText('{"n":1}'),
    principal: '{"user":"ada"}',
    key,
    fingerprint: 'f1',
    startedAt: startedAt ?? 1000 + runs,
    seed: 's',
    place: place ?? null,
    standing: place ? 'queued' : 'running',
  };
}

export interface Begun {
  readonly run: RunRow;
  readonly log: RunLog;
}

/** Adds a run with its first record; it is not on disk before a commit. */
export function addRun(journal: Journal, options: RunOptions = {}): Begun {
  const run = journal.newRun(aRun(options), false);
  journal.addRun(run);
  return { run, log: RunLog.begin(journal, run, ORIGIN) };
}

/** Records the end of a step. */
export function addStep({ log }: Begun, name: string, body = `"${name}"`): void {
  log.append({
    kind: 'step-ended',
    at: 2000,
    step: `execution/${name}/d#1`,
    label: name,
    status: 'succeeded',
    effect: 'read',
    startedAt: 1999,
    body,
  });
}

export function endRun(journal: Journal, { run, log }: Begun, at = 3000): void {
  log.append({ kind: 'ended', at, label: 'completed', status: 'completed', body: '{"result":"1"}' });
  log.close();
  journal.endRun(run, 'completed', at);
}

export const NO_EVENTS = { changed: () => undefined, fenced: () => undefined };

/** A journal of a file, attached to the command `walk`; commits do not wait for the disk unless that is asked for. */
export function openJournal(
  file: string,
  options: Partial<SqliteJournalOptions> = {},
  commands: readonly string[] = ['walk'],
): SqliteJournal {
  const journal = new SqliteJournal({ file, readOnly: false, fsync: false, ...options }, silent);
  journal.attach(NO_EVENTS, commands);
  return journal;
}

/** The row as the journal has it now. */
export function rowOf(journal: Journal, { id }: { readonly id: string }): RunRow {
  const [row] = journal.runsByPrefix(id);
  if (!row) throw new Error(`The journal has no run ${id}.`);
  return row;
}
