import type { PlanDifference } from '../../host/plan/PlanDifference.js';
import { columns } from '../terminalText.js';

/** For a person: the breaking ones first. */
export function differencesText(differences: readonly PlanDifference[], file: string): string {
  if (differences.length === 0) return `Nothing changed since ${file}.\n`;
  const breaking = differences.filter((one) => one.breaking);
  const others = differences.filter((one) => !one.breaking);
  const count = `${differences.length} ${differences.length === 1 ? 'change' : 'changes'} since ${file}, ${breaking.length} of them breaking.`;
  return `${count}\n\n${columns([...breaking, ...others].map(rowOf))}`;
}

function rowOf({ breaking, subject, what, before, after }: PlanDifference): string[] {
  return [breaking ? 'breaking' : '', subject, what, changeText(before, after)];
}

function changeText(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return `new: ${after ?? ''}`;
  return after === undefined ? `gone: ${before}` : `${before} → ${after}`;
}
