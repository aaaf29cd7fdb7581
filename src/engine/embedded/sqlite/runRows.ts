/** Rows of the table `run` as the port has them. */
import { Carried } from '../../../kernel/codec/Carried.js';
import type { RunRow } from '../../run/RunJournal.js';

const COLUMNS = {
  rowId: 'id',
  id: 'uid',
  command: 'command',
  version: 'version',
  key: 'key',
  fingerprint: 'fingerprint',
  seed: 'seed',
  principal: 'principal',
  params: 'params',
  startedAt: 'started_at',
  status: 'status',
  endedAt: 'ended_at',
  standing: 'standing',
  due: 'due',
  waits: 'waits',
  owner: 'owner',
  successor: 'successor',
  queue: 'queue',
  queueKey: 'queue_key',
  priority: 'priority',
  paramsDigest: 'params_digest',
  principalDigest: 'principal_digest',
};

export const RUN_COLUMNS = Object.entries(COLUMNS)
  .map(([name, column]) => `run.${column} AS ${name}`)
  .join(', ');

type Selected = Omit<RunRow, 'params' | 'waits' | 'place' | 'erased'> & {
  readonly params: string;
  readonly waits: string;
  readonly queue: string | null;
  readonly queueKey: string | null;
  readonly priority: number | null;
  readonly paramsDigest: string | null;
  readonly principalDigest: string | null;
};

/** @param row what a select of `RUN_COLUMNS` gave */
export function runRowOf(row: unknown): RunRow {
  const { params, waits, queue, queueKey, priority, paramsDigest, principalDigest, ...same } = row as Selected;
  return {
    ...same,
    params: Carried.ofText(params),
    waits: JSON.parse(waits),
    place: queue === null ? null : { queue, key: queueKey ?? '', priority: priority ?? 0 },
    erased: paramsDigest === null ? null : { params: paramsDigest, principal: principalDigest ?? '' },
  };
}
