/** The lines of a run's drawing, out of its document: phases, and in each its activities, gates, steps and what else happened. */

import type { RecordedWait } from '../../host/runRecord/RunRecordDocument.js';
import { waitBriefly } from '../../host/runRecord/waitWords.js';
import { durationText, overrideText, stepStatusText, troubleText, verdictText } from '../../host/runRecord/wording.js';
import type { RecordedActivity, RecordedGate, RecordedPhase, RecordedStep, RecordedTurn, RunRecordDocument } from '../../index.js';
import type { Stretch, TimelineRow, Tone } from './TimelineRow.js';

export interface TimeSpan {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
}

/** @param now until when a run that has not ended is drawn, in milliseconds since the epoch */
export function timelineRows(document: RunRecordDocument, now: number): readonly TimelineRow[] {
  const { until } = spanOf(document, now);
  const marks = [...document.course.flatMap(markOf), ...interruptions(document)];
  const phases = document.phases.flatMap((phase, index) => {
    const nextAt = timeOf(document.phases[index + 1]?.startedAt ?? null) ?? Number.POSITIVE_INFINITY;
    const own = document.steps.filter((step) => step.phase === phase.phase);
    return [
      phaseRow(phase, until),
      ...phase.activities.map(activityRow),
      ...inOrder([
        ...own.filter(({ name }) => !isGate(name, phase)).map((step) => stepRow(step, until)),
        ...phase.gates.map((gate) => gateRow(gate, own, until)),
        ...marks.filter(({ at }) => at < nextAt && at >= (timeOf(phase.startedAt) ?? until)).map(({ row }) => row),
      ]),
    ];
  });
  const waited = { from: lastOf(document), until };
  return [...phases, ...document.waits.filter(({ what }) => what !== 'gate' && what !== 'retry').map((wait) => waitRow(wait, waited, now))];
}

/** From the first that happened to the end, or to now. */
export function spanOf({ startedAt, endedAt, steps }: RunRecordDocument, now: number): TimeSpan {
  const begun = steps.flatMap((step) => [step, ...step.attempts].map((attempt) => timeOf(attempt.startedAt) ?? Number.POSITIVE_INFINITY));
  const from = begun.reduce((first, at) => Math.min(first, at), Date.parse(startedAt));
  return { from, until: Math.max(from, timeOf(endedAt) ?? now) };
}

/** When the last happened that is recorded. */
function lastOf({ startedAt, course, steps }: RunRecordDocument): number {
  const ends = steps.flatMap((step) =>
    [step, ...step.attempts].map((attempt) => (timeOf(attempt.startedAt) ?? 0) + (attempt.durationMs ?? 0)),
  );
  return [...course.map(({ at }) => Date.parse(at)), ...ends].reduce((one, other) => Math.max(one, other), Date.parse(startedAt));
}

function phaseRow({ phase, startedAt, durationMs }: RecordedPhase, until: number): TimelineRow {
  const from = timeOf(startedAt);
  const stretches: Stretch[] =
    from === undefined ? [] : [{ from, until: durationMs === null ? until : from + durationMs, shape: 'frame', tone: 'quiet' }];
  return { ...NOTHING_SAID, depth: 0, label: phase, stretches, took: tookText(durationMs) };
}

function activityRow({ name, startedAt, durationMs, status }: RecordedActivity): TimelineRow {
  const from = Date.parse(startedAt);
  const tone: Tone = status === 'failed' ? 'bad' : 'plain';
  const stretches: Stretch[] = [{ from, until: from + durationMs, shape: 'frame', tone }];
  return { ...NOTHING_SAID, label: `activity ${name}`, stretches, took: tookText(durationMs), status, tone };
}

const STEP_TONES: Readonly<Record<RecordedStep['status'], Tone>> = {
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'warn',
  unknown: 'bad',
  begun: 'warn',
  retrying: 'warn',
};

function stepRow(step: RecordedStep, until: number): TimelineRow {
  const { name, part, status, undo, error } = step;
  const tone = undo === null ? STEP_TONES[status] : 'warn';
  const label = part === null || part === 'undo' ? name : `${part} / ${name}`;
  const stretches = stretchesOf(step, until, tone);
  const [first] = stretches;
  const tookMs = status === 'begun' || status === 'retrying' || !first ? null : (stretches.at(-1)?.until ?? 0) - first.from;
  return { ...NOTHING_SAID, label, stretches, took: tookText(tookMs), status: stepStatusText(step), tone, why: troubleText(error) };
}

/** Every attempt, and the time between them. */
function stretchesOf({ attempts, startedAt, durationMs, status }: RecordedStep, until: number, tone: Tone): Stretch[] {
  const tries: Stretch[] = attempts.flatMap((attempt) => {
    const from = timeOf(attempt.startedAt);
    return from === undefined ? [] : [{ from, until: from + (attempt.durationMs ?? 0), shape: 'work', tone: 'bad' }];
  });
  const from = timeOf(startedAt);
  if (from !== undefined) {
    tries.push(durationMs === null ? { from, until, shape: 'open', tone } : { from, until: from + durationMs, shape: 'work', tone });
  }
  return tries.flatMap((stretch, index) => {
    const restUntil = tries[index + 1]?.from ?? (status === 'retrying' ? until : stretch.until);
    return restUntil > stretch.until ? [stretch, { from: stretch.until, until: restUntil, shape: 'rest', tone: 'quiet' }] : [stretch];
  });
}

function isGate(step: string, { gates }: RecordedPhase): boolean {
  return gates.some(({ name }) => step === `gate ${name}`);
}

const VERDICT_TONES = { passed: 'good', failed: 'bad', overridden: 'warn', undecided: 'warn' } as const;

/** A gate lasts from its check to the decision about it. */
function gateRow(gate: RecordedGate, steps: readonly RecordedStep[], until: number): TimelineRow {
  const { name, verdict, found, severity, override } = gate;
  const tone = verdict === 'failed' && severity === 'warning' ? 'warn' : VERDICT_TONES[verdict];
  const check = steps.find((step) => step.name === `gate ${name}`);
  const from = timeOf(check?.startedAt ?? null);
  const stretches: Stretch[] = from === undefined ? [] : [{ from, until: from + (check?.durationMs ?? 0), shape: 'work', tone }];
  const decidedAt = verdict === 'undecided' ? until : timeOf(override?.at ?? null);
  const [checked] = stretches;
  if (checked && decidedAt !== undefined && decidedAt > checked.until) {
    stretches.push({ from: checked.until, until: decidedAt, shape: 'wait', tone: 'quiet' });
  }
  const status = verdict === 'overridden' || verdict === 'undecided' ? verdict : verdictText(gate);
  const why = [overrideText(gate), found === null ? '' : `found: ${found}`].filter((text) => text !== '').join('; ');
  return { ...NOTHING_SAID, label: `gate ${name}`, stretches, status, tone, why };
}

/** What is drawn of the course, and how it is called. */
const MARKS: Partial<Readonly<Record<RecordedTurn['kind'], (turn: RecordedTurn) => string>>> = {
  reopened: () => 'reopened',
  signal: ({ label }) => `signal ${label}`,
  'signal-missed': ({ label }) => `no signal ${label}`,
  'timer-fired': ({ detail }) => `slept ${detail ?? ''}`,
  'branch-ended': ({ label }) => `part ${label}`,
  'cancel-requested': ({ label }) => `cancelled: ${label}`,
  'time-passed': ({ label }) => `out of time: ${label}`,
};

const MARK_TONES: Partial<Readonly<Record<RecordedTurn['kind'], Tone>>> = {
  'signal-missed': 'warn',
  'cancel-requested': 'warn',
  'time-passed': 'bad',
  reopened: 'warn',
};

/** Something that happened at once, to be drawn within the phase of that time. */
interface Mark {
  readonly at: number;
  readonly row: TimelineRow;
}

/** A run that waits much is taken up often; that is one line. */
function interruptions({ course }: RunRecordDocument): Mark[] {
  const times = course.filter(({ kind }) => kind === 'resumed').map(({ at }) => Date.parse(at));
  const [first] = times;
  if (first === undefined) return [];
  const stretches: Stretch[] = times.map((at) => ({ from: at, until: at, shape: 'point', tone: 'quiet' }));
  const label = times.length === 1 ? 'resumed' : `resumed ${times.length} times`;
  return [{ at: first, row: { ...NOTHING_SAID, label, stretches, tone: 'quiet' } }];
}

function markOf(turn: RecordedTurn): Mark[] {
  const label = MARKS[turn.kind]?.(turn);
  if (label === undefined) return [];
  const at = Date.parse(turn.at);
  const tone = MARK_TONES[turn.kind] ?? 'plain';
  const status = turn.kind === 'branch-ended' ? 'ended' : '';
  const why = turn.kind === 'reopened' ? (turn.detail ?? '') : '';
  return [{ at, row: { ...NOTHING_SAID, label, stretches: [{ from: at, until: at, shape: 'point', tone }], status, tone, why } }];
}

/** Since when it waits is not recorded; it cannot be before the last that is. Gates and retries have a line as steps. */
function waitRow(wait: RecordedWait, { from, until }: TimeSpan, now: number): TimelineRow {
  const stretches: Stretch[] = [{ from, until, shape: 'wait', tone: 'quiet' }];
  return { ...NOTHING_SAID, label: waitBriefly(wait, now), stretches, tone: 'warn' };
}

const NOTHING_SAID = { depth: 1, took: '', status: '', tone: 'plain', why: '' } as const;

function inOrder(rows: readonly TimelineRow[]): TimelineRow[] {
  return rows.toSorted((one, other) => beginning(one) - beginning(other));
}

function beginning({ stretches }: TimelineRow): number {
  return stretches[0]?.from ?? Number.MAX_SAFE_INTEGER;
}

function tookText(durationMs: number | null): string {
  return durationMs === null ? '' : durationText(durationMs);
}

function timeOf(iso: string | null): number | undefined {
  return iso === null ? undefined : Date.parse(iso);
}
