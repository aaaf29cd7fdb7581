/** What can be read of the runs of a journal, whoever has them. */

import type { RunWait } from '../../abstract/RunWait.js';
import { type TransientError, UsageError } from '../../kernel/errors.js';
import type { EndedRun, RunHistory, RunState, RunSummary } from '../Engine.js';
import { leftWithChild, standsStill } from '../handBack.js';
import { verifyChain } from '../run/chain.js';
import { endOf } from '../run/pastRun.js';
import type { RunRow } from '../run/RunJournal.js';
import type { Journal } from './Journal.js';

export class Catalogue {
  constructor(
    private readonly journal: Journal,
    /** What a run that is loaded here stands still for, if it does. */
    private readonly standstill: (runId: string) => readonly RunWait[],
  ) {}

  /** @param runId or the beginning of it. @throws UsageError `RUN_NOT_FOUND` */
  find(runId: string): RunRow {
    const [run, other] = this.journal.runsByPrefix(runId);
    if (runId !== '' && run && !other) return run;
    const why = other
      ? `"${runId}" is the beginning of several runs; give more of it.`
      : `There is no run "${runId}". \`sixfold runs list\` shows them.`;
    throw new UsageError('RUN_NOT_FOUND', why, { details: { run: runId } });
  }

  list(limit: number): readonly RunSummary[] {
    return this.journal.latestRuns(limit).map((run) => this.summaryOf(run));
  }

  /** @throws UsageError `RUN_NOT_FOUND`, InvariantViolation `JOURNAL_ALTERED` */
  history(runId: string): RunHistory {
    const run = this.find(runId);
    const records = this.journal.records(run);
    verifyChain(run, records, this.journal.bridges(run));
    return { ...this.summaryOf(run), records };
  }

  /** The run, or the last one that went on with it. @throws UsageError `RUN_NOT_FOUND` */
  lastOf(runId: string): RunRow {
    let run = this.find(runId);
    while (run.successor !== null) run = this.find(run.successor);
    return run;
  }

  /** The end of a run, or of the last one that went on with it, if that has ended. @throws InvariantViolation `JOURNAL_ALTERED` */
  endOf(runId: string): EndedRun | undefined {
    const run = this.lastOf(runId);
    return run.status === null ? undefined : endOf(this.journal, run);
  }

  /** Why nothing happens in a run before somebody has done something about it, or about a child that it waits for; undefined when it goes on. */
  standstillOf(runId: string): TransientError | undefined {
    const { id, status, standing, waits } = this.lastOf(runId);
    if (status !== null) return undefined;
    if (standing === 'stopped') return standsStill(id, waits[0]?.name ?? 'it could not go on');
    if (standing !== 'waiting') return undefined;
    const child = this.blockingChild(waits);
    return child && leftWithChild(id, child);
  }

  /** Why none of these can come, if they are children that stand still. */
  blockingChild(waits: readonly RunWait[]): TransientError | undefined {
    let first: TransientError | undefined;
    for (const { what, run } of waits) {
      const child = what === 'child' && run !== undefined ? this.standstillOf(run) : undefined;
      if (!child) return undefined;
      first ??= child;
    }
    return first;
  }

  private summaryOf(run: RunRow): RunSummary {
    const { id, command, version, params, principal, key, fingerprint, startedAt, endedAt, successor } = run;
    const waits = run.status === null && run.standing === 'running' ? this.standstill(id) : run.waits;
    const started = { id, command, version, params, principal, key, fingerprint, startedAt };
    return { ...started, endedAt, waits, successor, state: this.stateOf(run), steps: this.journal.endedSteps(run) };
  }

  private stateOf(run: RunRow): RunState {
    if (run.status !== null) return run.status;
    if (run.standing !== 'running') return run.standing;
    return this.journal.isOwned(run) ? 'running' : 'interrupted';
  }
}
