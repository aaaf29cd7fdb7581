/** Which records a fork takes over from the run that it is forked from. */
import { UsageError } from '../../kernel/errors.js';
import type { ForkPoint } from '../Engine.js';
import type { JournalRecord, RecordKind } from '../Record.js';
import { branchOf } from './Ordinals.js';
import { standing } from './superseded.js';

const INHERITED: ReadonlySet<RecordKind> = new Set([
  'step-ended',
  'branch-ended',
  'event',
  'signal',
  'signal-missed',
  'timer-fired',
  'gate-overridden',
  'gate-stood',
]);

export interface Inheritance {
  readonly records: readonly JournalRecord[];
  /** The last of the earlier run that counts. */
  readonly until: number;
}

/** @throws UsageError `FORK_REFUSED` */
export function inheritanceOf(runId: string, records: readonly JournalRecord[], from: ForkPoint): Inheritance {
  const seq = 'seq' in from ? from.seq : seqOfStep(runId, records, from.step);
  const last = records.at(-1)?.seq ?? 0;
  if (!Number.isInteger(seq) || seq < 2 || seq > last + 1) {
    throw refused(runId, `it has no record ${seq}; give one from 2 to ${last}`);
  }
  const before = records.filter((record) => record.seq < seq);
  refuseUndoable(runId, before);
  return { records: standing(before).filter(({ kind, status }) => INHERITED.has(kind) && status !== 'cancelled'), until: seq - 1 };
}

function seqOfStep(runId: string, records: readonly JournalRecord[], step: string): number {
  const named = records.filter((record) => record.step !== null && (record.step === step || record.label === step));
  const identities = [...new Set(named.map((record) => record.step))];
  if (identities.length > 1) {
    throw refused(runId, `"${step}" is the name of ${identities.length} steps; give one of ${identities.slice(0, 5).join(', ')}`);
  }
  const [first] = named;
  if (!first) throw refused(runId, `it has no step "${step}"; \`sixfold runs history ${runId}\` lists them`);
  return first.seq;
}

/** Only what can be undone is intended, but for a step that is done once: that says itself whether it can be. */
function isUndoable({ effect, body }: JournalRecord): boolean {
  return effect !== 'once' || (JSON.parse(body ?? '{}') as { readonly undoable?: boolean }).undoable === true;
}

/** Exactly one run owns each undo: what can be undone, or was, is not carried over to another. */
function refuseUndoable(runId: string, records: readonly JournalRecord[]): void {
  const undoable = records.find((record) => {
    const { kind, step } = record;
    return (kind === 'step-intended' && isUndoable(record)) || (kind === 'step-ended' && branchOf(step ?? '').endsWith('.undo'));
  });
  if (!undoable) return;
  throw refused(
    runId,
    `the undo of ${undoable.label}, which came before that point, belongs to it. Fork from ${undoable.label} or earlier`,
  );
}

function refused(runId: string, why: string): UsageError {
  return new UsageError('FORK_REFUSED', `Run ${runId} cannot be forked there: ${why}.`, { details: { run: runId } });
}
