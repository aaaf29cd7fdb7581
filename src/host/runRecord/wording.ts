/** Words that the readable forms of a run's record share. */
import type { Trouble } from '../Outcome.js';
import type { RecordedGate, RecordedStep, RunRecordDocument } from './RunRecordDocument.js';

/** What is shown where there is nothing. */
export const NOTHING = '–';

/** Rows of one table that are shown; the JSON form has all. */
export const ROWS_MAX = 2000;

/** Characters of params and of the result that are shown. */
export const VALUE_CHARACTERS_MAX = 100_000;

/** Replies that broke their contract that are shown; the JSON form has all. */
export const REPLIES_MAX = 20;

/** `34 ms`, `1.2 s`, `2 min 5 s`, `3 h 12 min` */
export function durationText(ms: number | null): string {
  if (ms === null) return NOTHING;
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
}

/** `99.95 %`; a share that is not all is never rounded up to it. @param share from 0 to 1 */
export function shareText(share: number): string {
  const percent = share < 1 ? Math.floor(share * 10_000 + 1e-9) / 100 : 100;
  return `${percent} %`;
}

/** `2026-05-01 10:00:00.123 UTC` */
export function timeText(iso: string | null): string {
  return iso === null ? NOTHING : `${iso.slice(0, 10)} ${iso.slice(11, 23)} UTC`;
}

/** `2026-05-01 10:00:00 UTC`, for what is planned. */
export function momentText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** Rounded to what a person would say: `12 s`, `5 min`, `3 h`, `4 days`. */
export function roughDuration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400).toLocaleString('en-GB')} days`;
}

/** An error and what caused it, outermost first. */
export function troublesOf(error: Trouble | null): readonly Trouble[] {
  return error === null ? [] : [error, ...troublesOf(error.cause ?? null)];
}

/** `CODE: message (because CODE: message)`, on one line. */
export function troubleText(error: Trouble | null): string {
  const [first, ...causes] = troublesOf(error).map(({ code, message }) => `${code}: ${message}`);
  return `${first ?? ''}${causes.map((cause) => ` (because ${cause})`).join('')}`;
}

/** `succeeded (attempt 3), undone` */
export function stepStatusText({ status, attempt, undo, superseded }: RecordedStep): string {
  const known = status === 'begun' ? 'begun, outcome not recorded' : status;
  const tried = attempt === 1 ? '' : ` (attempt ${attempt})`;
  const undone = undo === null ? '' : `, ${undoText(undo)}`;
  return `${known}${tried}${undone}${superseded ? ', superseded' : ''}`;
}

function undoText({ status }: NonNullable<RecordedStep['undo']>): string {
  if (status === 'succeeded') return 'undone';
  return status === 'retrying' ? 'being undone' : `undo ${status}`;
}

/** What a step belongs to: `execution`, `execution / shipment 2`. */
export function placeText({ phase, part }: Pick<RecordedStep, 'phase' | 'part'>): string {
  return part === null ? phase : `${phase} / ${part}`;
}

/** `overridden by ada at …: counted by hand` */
export function verdictText(gate: RecordedGate): string {
  const { verdict, severity } = gate;
  if (verdict === 'undecided') return 'did not pass; no decision is recorded';
  if (verdict === 'overridden') return `overridden ${overrideText(gate)}`;
  return verdict === 'failed' && severity === 'warning' ? 'failed, a warning' : verdict;
}

/** Who let a gate pass, when and why; nothing where nobody did. */
export function overrideText({ override }: RecordedGate): string {
  return override === null ? '' : `by ${override.by} at ${timeText(override.at)}: ${override.reason}`;
}

/** What the run is and who asked for it: names and values for the head of a form. */
export function factsOf(document: RunRecordDocument): readonly (readonly [string, string])[] {
  const { runId, command, version, state, startedAt, endedAt, durationMs, principal, key, parent, deadline } = document;
  const { predecessor, successor, forkedFrom } = document;
  const rare = Object.entries({
    Key: key,
    'Started by run': parent,
    'Goes on with run': predecessor,
    'Gone on with by run': successor,
    'Forked from run': forkedFrom && `${forkedFrom.run}, after record ${forkedFrom.seq}`,
    Deadline: deadline && timeText(deadline),
  });
  return [
    ['Run', runId],
    ['Command', `${command}, version ${version}`],
    ['State', state],
    ['Started', timeText(startedAt)],
    ['Ended', endedAt === null ? 'not yet' : timeText(endedAt)],
    ['Took', durationText(durationMs)],
    ['Principal', principal === null ? NOTHING : typeof principal === 'string' ? principal : JSON.stringify(principal)],
    ...rare.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
  ];
}
