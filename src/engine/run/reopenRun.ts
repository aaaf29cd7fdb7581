/** What becomes of a failed run that is gone on with: which of its steps are done anew, and which of its children go on with it. */
import type { Clock } from '../../kernel/Clock.js';
import { SixfoldError } from '../../kernel/errors.js';
import type { EngineSetup } from '../Engine.js';
import type { JournalRecord } from '../Record.js';
import type { EndBody } from './departure.js';
import type { RecordedRuns, Reopening, RunJournal, RunRow } from './RunJournal.js';
import { RunLog } from './RunLog.js';
import { childNotReopened, notReopened } from './refusals.js';
import { type ReopenedBody, standing } from './superseded.js';

export interface ReopenParts {
  readonly journal: RunJournal & RecordedRuns;
  readonly setup: EngineSetup;
  readonly clock: Clock;
}

/** Errors beyond this are not looked at. */
const ERRORS_MAX = 1000;

/**
 * The run and those of its children whose failure is its own, children first.
 *
 * @throws UsageError `RUN_NOT_REOPENED`, and what the command is refused with
 */
export function reopeningsOf(parts: ReopenParts, run: RunRow, parent?: RunRow): readonly Reopening[] {
  const { journal, setup, clock } = parts;
  const log = RunLog.read(journal, run);
  const { origin } = log;
  const at = clock.now();
  const deadline = parent && origin.deadline !== undefined ? origin.deadline + at - (run.endedAt ?? at) : undefined;
  const why = notReopened(run, log.earlier, (deadline ?? origin.deadline ?? at + 1) > at);
  if (why) throw why;
  setup.load(run, origin);
  const { failed = [], error } = JSON.parse(log.earlier.at(-1)?.body ?? '{}') as EndBody;
  const left = standing(log.earlier);
  const gates = failedGates(error === undefined ? undefined : setup.codec.decode(error));
  const verdicts = gates.flatMap((name) => verdictOf(name, left, parts) ?? []);
  const superseded = [...failed, ...verdicts];
  const body: ReopenedBody = { superseded, gates: gates.length > 0 ? gates : undefined, deadline };
  const record = log.following({ kind: 'reopened', at, label: `process ${process.pid}`, body: JSON.stringify(body) });
  const children = failed.flatMap(
    (identity) =>
      childOf(
        parts,
        run,
        left.findLast(({ step }) => step === identity),
      ) ?? [],
  );
  return [...children.flatMap((child) => reopeningsOfChild(parts, child, run)), { run, records: [record] }];
}

/** @throws UsageError `RUN_NOT_REOPENED` */
function reopeningsOfChild(parts: ReopenParts, child: RunRow, parent: RunRow): readonly Reopening[] {
  if (child.status === null || child.status === 'completed') return []; // Somebody has gone on with it already.
  try {
    return reopeningsOf(parts, child, parent);
  } catch (error) {
    throw error instanceof SixfoldError ? childNotReopened(parent, child, error) : error;
  }
}

/** The run that a step began, or the last that went on with it. */
function childOf({ journal }: ReopenParts, run: RunRow, outcome: JournalRecord | undefined): RunRow | undefined {
  let child = outcome && journal.runByKey(outcome.label, `${run.id}/${outcome.step}`);
  while (child?.successor) child = journal.runsByPrefix(child.successor)[0];
  return child;
}

/** Names of the gates that an error says to have failed, itself or what caused it. */
function failedGates(error: unknown): readonly string[] {
  const gates = new Set<string>();
  const looked = new Set<unknown>([error]);
  for (const present of looked) {
    if (typeof present !== 'object' || present === null) continue;
    if (present instanceof SixfoldError && present.code === 'GATE_FAILED') gates.add(String(present.details.gate));
    const { cause, errors } = present as { readonly cause?: unknown; readonly errors?: unknown };
    for (const under of [cause, ...(Array.isArray(errors) ? errors : [])]) if (looked.size < ERRORS_MAX) looked.add(under);
  }
  return [...gates];
}

/** Identity of the step that checked a gate last and found that it does not pass. */
function verdictOf(gate: string, records: readonly JournalRecord[], { setup }: ReopenParts): string | undefined {
  const found = records.findLast(({ kind, label, status, effect, body }) => {
    if (kind !== 'step-ended' || label !== `gate ${gate}` || status !== 'succeeded' || effect !== 'read') return false;
    return (setup.codec.decode(body ?? 'null') as { readonly passed?: unknown } | null)?.passed === false;
  });
  return found?.step ?? undefined;
}
