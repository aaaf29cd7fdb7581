/** What is said of a run that goes on only when somebody does something: what it waits for, and the command line that gives it. */
import type { Command } from 'commander';
import type { RecordedWait } from '../host/runRecord/RunRecordDocument.js';
import { type WaitWordsOptions, waitWords } from '../host/runRecord/waitWords.js';
import { oneLine } from '../index.js';
import { ownOptionsOf } from './ownOptions.js';
import { shellWord } from './shellWord.js';

/** The words that make another command line reach the same journal. */
export interface SameJournal {
  /** Before the command. */
  readonly before: readonly string[];
  /** Behind it. */
  readonly behind: readonly string[];
}

/** A wait of a run, or of one that it started. */
export interface Waiting {
  readonly runId: string;
  readonly command: string;
  readonly wait: RecordedWait;
}

export function sameJournal(leaf: Command): SameJournal {
  let program = leaf;
  while (program.parent) program = program.parent;
  const app: unknown = program.getOptionValue('app');
  const { db } = ownOptionsOf(leaf);
  const named = typeof app === 'string' ? ['--app', app] : [];
  return { before: app === false ? ['--no-app'] : named, behind: db === undefined ? [] : ['--db', db] };
}

export function waitingText(runId: string, waits: readonly Waiting[], journal: SameJournal): string {
  const lines = waits.map((waiting) => {
    const whose = waiting.runId === runId ? '' : `${waiting.command}, which it started, `;
    return `  ${whose}${waitLines(waiting, { journal, words: { now: Date.now() } }).join('\n    ')}\n`;
  });
  return `sixfold: run ${runId} waits, and was handed back.\n${lines.join('')}`;
}

/** The same for programs. */
export function waitingData(runId: string, waits: readonly Waiting[], journal: SameJournal): object {
  const data = waits.map((waiting) => {
    const { runId: id, command, wait } = waiting;
    return { runId: id, command, ...wait, remedy: remedyOf(waiting, journal) ?? null };
  });
  return { status: 'waiting', runId, waits: data };
}

export interface WaitLinesOptions {
  readonly journal: SameJournal;
  readonly words: WaitWordsOptions;
}

/** What it waits for, and below that what gives it. */
export function waitLines(waiting: Waiting, { journal, words }: WaitLinesOptions): readonly string[] {
  const remedy = remedyOf(waiting, journal);
  const mend = waiting.wait.what === 'person' ? 'mend it, then ' : '';
  return [oneLine(waitWords(waiting.wait, words)), ...(remedy === undefined ? [] : [`${mend}${remedy}`])];
}

/** The command line that lets the run go on; undefined where it goes on by itself. */
function remedyOf({ runId, wait: { what, name } }: Waiting, journal: SameJournal): string | undefined {
  if (what === 'gate') return runsLine(journal, 'override', runId, name, '--reason', 'REASON');
  if (what === 'signal') return runsLine(journal, 'notify', runId, name, '--value', '{}');
  return what === 'person' ? runsLine(journal, 'resume', runId) : undefined;
}

/** A line for a shell that does something with the runs of that journal. */
export function runsLine({ before, behind }: SameJournal, ...words: readonly string[]): string {
  return `sixfold ${[...before, 'runs', ...words, ...behind].map(shellWord).join(' ')}`;
}
