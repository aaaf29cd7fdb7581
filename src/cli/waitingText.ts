/** What is said of a run that waits for a person: which gate, why, and the command line that lets it pass. */
import type { Command } from 'commander';
import { ownOptionsOf } from './ownOptions.js';
import type { WaitingGate } from './Standstill.js';
import { shellWord } from './shellWord.js';
import { shortened } from './terminalText.js';

/** The words that make another command line reach the same journal. */
export interface SameJournal {
  /** Before the command. */
  readonly before: readonly string[];
  /** Behind it. */
  readonly behind: readonly string[];
}

export function sameJournal(leaf: Command): SameJournal {
  let program = leaf;
  while (program.parent) program = program.parent;
  const app: unknown = program.getOptionValue('app');
  const { db } = ownOptionsOf(leaf);
  const named = typeof app === 'string' ? ['--app', app] : [];
  return { before: app === false ? ['--no-app'] : named, behind: db === undefined ? [] : ['--db', db] };
}

export function waitingText(runId: string, gates: readonly WaitingGate[], journal: SameJournal): string {
  const lines = gates.map((waiting) => {
    const whose = waiting.runId === runId ? '' : ` of ${waiting.command}, which it started,`;
    const why = waiting.found === undefined ? '' : `: ${shortened(waiting.found)}`;
    return `  gate "${shortened(waiting.gate)}"${whose} did not pass${why}\n  let it pass with\n    ${overrideCommand(waiting, journal)}\n`;
  });
  return `sixfold: run ${runId} waits for an override and was handed back.\n${lines.join('')}`;
}

/** The same for programs. */
export function waitingData(runId: string, gates: readonly WaitingGate[], journal: SameJournal): object {
  return { status: 'waiting', runId, gates: gates.map((waiting) => ({ ...waiting, override: overrideCommand(waiting, journal) })) };
}

function overrideCommand({ runId, gate }: WaitingGate, { before, behind }: SameJournal): string {
  const words = [...before, 'runs', 'override', runId, gate, '--reason', 'REASON', ...behind];
  return `sixfold ${words.map(shellWord).join(' ')}`;
}
