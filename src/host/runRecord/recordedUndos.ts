/** Which step each undo belongs to. */
import type { JournalRecord } from '../../engine/Record.js';
import { placeOfStep } from './stepPlace.js';

const UNDO = 'undo ';

/** The last record of the undo of each step, by the identity of the step. */
export function recordedUndos(records: readonly JournalRecord[]): ReadonlyMap<string, JournalRecord> {
  const undone = new Map<string, JournalRecord>();
  const begun = Map.groupBy(new Map(records.filter(isBegun).map(({ step, label }) => [step ?? '', label])), ([step, label]) => {
    const { phase, parts, key } = placeOfStep(step);
    return placeText({ phase, name: label, key: [...parts, key].join('.') });
  });
  for (const record of records) {
    const step = record.step ?? '';
    const { phase, part, key } = placeOfStep(step);
    if (part !== 'undo' || !record.label.startsWith(UNDO)) continue;
    // Its key is that of the step and the number of the step among those of its place, in the order in which they began.
    const at = key.lastIndexOf('#');
    const equals = begun.get(placeText({ phase, name: record.label.slice(UNDO.length), key: key.slice(0, at) }));
    const [identity] = equals?.[Number(key.slice(at + 1))] ?? [];
    if (identity !== undefined) undone.set(identity, record);
  }
  return undone;
}

/** Before an effect begins that can be undone, that is recorded. */
function isBegun({ kind }: JournalRecord): boolean {
  return kind === 'step-intended';
}

function placeText(place: { readonly phase: string; readonly name: string; readonly key: string }): string {
  return JSON.stringify([place.phase, place.name, place.key]);
}
