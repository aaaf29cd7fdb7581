/** What an open run stands still for: as the engine says it, and what its records add to that. */

import type { RunWait } from '../../abstract/RunWait.js';
import type { RunHistory, RunSummary } from '../../engine/Engine.js';
import { plainText } from './plainValue.js';
import type { RecordedPhase, RecordedStep, RecordedWait } from './RunRecordDocument.js';
import { troubleText } from './wording.js';

interface Known {
  readonly phases: readonly RecordedPhase[];
  readonly steps: readonly RecordedStep[];
}

/** The engine says it of a run that is put aside; of one that is loaded, in whatever process, records tell of retries and gates. */
export function recordedWaits(
  { state, command, waits, endedAt }: Pick<RunHistory, 'state' | 'command' | 'waits' | 'endedAt'>,
  known: Known,
): readonly RecordedWait[] {
  if (endedAt !== null) return [];
  if (waits.length > 0)
    return waits.map((wait) => {
      const plain = plainWait(wait);
      return { ...plain, detail: plain.detail ?? detailOf(wait, known) };
    });
  if (state === 'queued') return [{ what: 'queue', name: command, until: null, detail: null }];
  const gates = known.phases.flatMap((phase) => phase.gates).filter(({ verdict }) => verdict === 'undecided');
  return [
    ...gates.map(({ name, found }) => ({ what: 'gate' as const, name, until: null, detail: found })),
    ...known.steps.flatMap((step) => retryOf(step)),
  ];
}

/** The same of a run in a list, whose records were not read. */
export function listedWaits({ state, command, waits, endedAt }: Omit<RunSummary, 'params' | 'principal'>): readonly RecordedWait[] {
  return recordedWaits({ state, command, waits, endedAt }, { phases: [], steps: [] });
}

function plainWait({ what, name, until, run }: RunWait): RecordedWait {
  return { what, name: plainText(name), until: until === undefined ? null : new Date(until).toISOString(), detail: run ?? null };
}

function detailOf({ what, name }: RunWait, { phases, steps }: Known): string | null {
  if (what === 'retry') return steps.filter((step) => step.name === name).flatMap(retryOf)[0]?.detail ?? null;
  if (what !== 'gate') return null;
  const gates = phases.flatMap((phase) => phase.gates);
  return gates.find((gate) => gate.name === name && gate.verdict === 'undecided')?.found ?? null;
}

function retryOf({ status, name, attempts, error }: RecordedStep): RecordedWait[] {
  if (status !== 'retrying') return [];
  const last = attempts.at(-1);
  const why = error === null ? '' : `: ${troubleText(error)}`;
  return [{ what: 'retry', name, until: last?.nextAt ?? null, detail: `attempt ${attempts.length} ${last?.status ?? 'failed'}${why}` }];
}
