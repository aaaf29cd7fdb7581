/** The document of a run, out of its history. */
import type { StateFinding } from '../../abstract/RunReport.js';
import type { RunHistory } from '../../engine/Engine.js';
import type { JournalRecord } from '../../engine/Record.js';
import { Codec } from '../../kernel/codec/Codec.js';
import type { OrchestrationPlan } from '../../orchestration/plan/OrchestrationPlan.js';
import { troubleOf } from '../Outcome.js';
import { systemsOf } from './calledSystems.js';
import { plainText, plainValue } from './plainValue.js';
import type { RunRecord } from './RunRecord.js';
import type { RecordedTurn, RecordIntegrity, RunRecordDocument } from './RunRecordDocument.js';
import { endIn, originIn, reportIn } from './recordedBodies.js';
import { overrideIn, recordedPhases } from './recordedPhases.js';
import { recordedReplies } from './recordedReplies.js';
import { recordedSteps, supersededBy } from './recordedSteps.js';
import { recordedWaits } from './recordedWaits.js';
import { runMetrics } from './runMetrics.js';
import { settlementIn } from './StepSources.js';
import { nameOfStep } from './stepPlace.js';
import { durationText } from './wording.js';

/** Characters of a signal's value that the course shows. */
const SIGNAL_CHARACTERS_MAX = 500;

export interface KnownCommands {
  /** Names of the commands of the application, to tell which steps are runs of their own. */
  readonly commands?: readonly string[];
  /** What the command plans with the params of the run. */
  readonly planned?: { readonly plan: OrchestrationPlan; readonly by: 'its own code' | 'other code' } | undefined;
}

/**
 * The document of a run, for `runRecordMarkdown`, `runRecordHtml` or JSON.
 *
 * @param history as `runner.history` gives it. Where its params are an instance of their class, the fields that the class
 * declares secret are shown as their references, as `runner.document` does; else names alone decide what is redacted.
 * @param known what the application knows of its commands
 */
export function runRecord(history: RunRecord<RunHistory>, known: KnownCommands = {}): RunRecordDocument {
  const { commands = [], planned } = known;
  const { id: runId, command, version, state, key, startedAt, endedAt, records } = history;
  const codec = new Codec();
  const { deadline, parent, predecessor, forkedFrom, inherited = 0 } = originIn(records);
  const end = endIn(records, endedAt);
  const report = reportIn(end, codec);
  const phases = recordedPhases(report?.timeline, records, codec);
  const steps = recordedSteps(records, { codec, inherited, commands });
  const systems = systemsOf(report, steps, planned?.plan);
  return {
    format: 1,
    runId,
    command,
    version,
    state,
    key,
    parent: parent ?? null,
    predecessor: predecessor ?? null,
    successor: history.successor,
    forkedFrom: forkedFrom ?? null,
    principal: plainValue(history.principal),
    deadline: deadline === undefined ? null : new Date(deadline).toISOString(),
    startedAt: new Date(startedAt).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
    durationMs: endedAt === null ? null : endedAt - startedAt,
    params: plainValue(history.params),
    result: plainValue(end.result === undefined ? null : codec.decode(end.result)),
    error: end.error === undefined ? null : troubleOf(codec.decode(end.error)),
    waits: recordedWaits(history, { phases, steps }),
    plan: planned?.plan ?? null,
    plannedBy: planned?.by ?? null,
    systems: [...systems],
    metrics: runMetrics(steps, systems),
    phases,
    steps,
    findings: (report?.findings ?? []).map(plainFinding),
    degraded: (report?.degraded ?? []).map(({ system, reason }) => ({ system: plainText(system), reason: plainText(reason) })),
    replies: recordedReplies(records, codec),
    course: courseOf(records, codec),
    integrity: integrityOf(records, endedAt !== null),
  };
}

/** The code of a command may say it in other than text. */
function plainFinding({ subject, expected, found, severity, repaired }: StateFinding): StateFinding {
  const said = { subject: plainText(subject), expected: plainText(expected), found: plainText(found), severity };
  return repaired === undefined ? said : { ...said, repaired };
}

function courseOf(records: readonly JournalRecord[], codec: Codec): readonly RecordedTurn[] {
  return records.flatMap((record) => {
    const { seq, at, kind, label } = record;
    if (kind === 'step-intended' || kind === 'step-attempted' || kind === 'step-ended') return [];
    return [{ seq, at: new Date(at).toISOString(), kind, label, detail: detailOf(record, records, codec) }];
  });
}

function detailOf(record: JournalRecord, records: readonly JournalRecord[], codec: Codec): string | null {
  const { kind, body, label } = record;
  if (kind === 'timer-fired') return durationText(Number(label)); // A timer is named by how long it runs, in milliseconds.
  if (kind === 'gate-overridden') {
    const { by, reason } = overrideIn(body, codec);
    return `by ${by}: ${reason}`;
  }
  if (kind === 'signal') return body === null ? null : shortJson(plainValue(codec.decode(body)));
  if (kind !== 'reopened') return null;
  const settlement = settlementIn(body);
  if (settlement) return `${settlement.by} settled ${nameOfStep(settlement.step)}: ${settlement.reason}`;
  const names = supersededBy(record, records).map((outcome) => outcome.label);
  return names.length === 0 ? null : `the outcome of ${names.join(', ')} does not count any more`;
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SIGNAL_CHARACTERS_MAX ? `${text.slice(0, SIGNAL_CHARACTERS_MAX).toWellFormed()}…` : text;
}

function integrityOf(records: readonly JournalRecord[], ended: boolean): RecordIntegrity {
  const erased = records.filter(({ body, bodyDigest }) => body === null && bodyDigest !== null).length;
  const lastHash = records.at(-1)?.hash ?? null;
  const dropped = (records.at(-1)?.seq ?? 0) - records.length;
  const count = records.length === 1 ? 'The one record of this run has' : `Each of the ${records.length} records of this run has`;
  const statement = [
    `${count} a hash over itself and all before it; the chain was verified when the run was read.`,
    ended ? 'It ends with the end of the run.' : 'The run has not ended, so records may follow.',
    ...(dropped === 0 ? [] : [`${dropped} records inside parts that have ended were dropped; the chain has a bridge over them.`]),
    ...(erased === 0 ? [] : [`The content of ${erased} was erased since; its digest is in the chain.`]),
    'Whoever can write to the journal could write another chain: compare the last hash with one that was kept elsewhere.',
  ].join(' ');
  return { records: records.length, dropped, erased, lastHash, statement };
}
