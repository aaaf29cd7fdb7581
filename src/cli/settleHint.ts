import type { CommandRunner } from '../index.js';
import { runsLine, type SameJournal } from './waitingText.js';

/** What a person does about a run whose outcome is unknown: a line for each step that somebody has to look at. */
export async function settleHint(runner: CommandRunner, runId: string, journal: SameJournal): Promise<string> {
  const { steps } = await runner.document(runId);
  const last = new Map(steps.map((step) => [step.id, step]));
  const doubtful = [...last.values()].filter(({ status, superseded }) => status === 'unknown' && !superseded);
  const names = doubtful.map(({ name }) => name);
  const lines = doubtful.map(({ id, name }) => {
    const meant = names.filter((other) => other === name).length > 1 ? id : name;
    return `  ${runsLine(journal, 'settle', runId, meant, '--as', 'done', '--reason', 'REASON')}\n`;
  });
  return lines.length === 0 ? '' : `Look at the system, and say what happened (--as done, or --as not-done):\n${lines.join('')}`;
}
