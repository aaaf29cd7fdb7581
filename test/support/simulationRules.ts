/** What must hold of the records once everything has settled. */
import type { JournalRecord } from '../../src/engine/Record.js';
import { nameOnDisk } from './ProgramProcess.js';
import type { SimulatedDisk } from './SimulatedDisk.js';
import type { SimulatedSystems } from './SimulatedSystems.js';

/** Answered once, however often it was waited for. */
const ONCE_EACH = new Set<JournalRecord['kind']>(['timer-fired', 'signal', 'signal-missed', 'gate-stood', 'ended']);

export function endViolations(disk: SimulatedDisk, systems: SimulatedSystems): readonly string[] {
  return [...disk.runs.values()].flatMap(({ row }) => {
    const records = disk.writes.flatMap(({ run, record }) => (run === row.id && record ? [record] : []));
    const found = [
      ...gaps(records),
      ...twice(records),
      ...recordedTwice(records),
      ...undoneTwice(records),
      ...undoOrder(records, systems.undone.get(row.id) ?? []),
    ];
    return found.map((violation) => `${violation} (${nameOnDisk(disk, row.id)})`);
  });
}

function gaps(records: readonly JournalRecord[]): readonly string[] {
  return records.every(({ seq }, index) => seq === index + 1) ? [] : [`records not in order: ${records.map(({ seq }) => seq).join(' ')}`];
}

function twice(records: readonly JournalRecord[]): readonly string[] {
  const seen = new Set<string>();
  return records.flatMap(({ kind, step, label }) => {
    const name = `${kind} ${step ?? ''} ${label}`;
    if (!ONCE_EACH.has(kind) || !seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [`recorded twice: ${name}`];
  });
}

/** A step has one definite outcome. */
function recordedTwice(records: readonly JournalRecord[]): readonly string[] {
  const definite = new Set<string>();
  return records.flatMap(({ kind, step, status }) => {
    if (kind !== 'step-ended' || step === null) return [];
    if (definite.has(step)) return [`second outcome: ${step} ${status}`];
    if (status !== 'unknown') definite.add(step);
    return [];
  });
}

/** What undoes is asked for once: a second time it would have a number of its own. */
function undoneTwice(records: readonly JournalRecord[]): readonly string[] {
  const undone = records.filter(({ kind, step }) => kind === 'step-ended' && step?.startsWith('execution.undo/'));
  return undone.flatMap(({ step }) => (step?.endsWith('#0') ? [] : [`undone twice: ${step}`]));
}

/** The effect whose outcome came last is undone first, and each that was done is undone where one was. */
function undoOrder(records: readonly JournalRecord[], undone: readonly number[]): readonly string[] {
  if (undone.length === 0) return [];
  const ended = records.filter(({ kind }) => kind === 'step-ended');
  const turns = undone.map((output) => {
    const step = ended.find(({ status, body }) => status === 'succeeded' && body === String(output))?.step;
    return ended.findIndex((record) => record.step === step);
  });
  const ordered = turns.every((turn, index) => index === 0 || turn < (turns[index - 1] ?? 0));
  return ordered ? [] : [`undone out of order: ${turns.join(' ')}`];
}
