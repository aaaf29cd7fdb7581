/** The phases of a run with their activities and gates: from its report, or else from what its records tell so far. */
import type { GateOverride, GateRecord, PhaseRecord } from '../../abstract/Timeline.js';
import type { JournalRecord, RecordKind } from '../../engine/Record.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import { plainText } from './plainValue.js';
import type { RecordedGate, RecordedPhase } from './RunRecordDocument.js';
import { placeOfStep } from './stepPlace.js';

const GATE = 'gate ';
const STEP_KINDS: ReadonlySet<RecordKind> = new Set(['step-intended', 'step-attempted', 'step-ended']);

/** A record that a person or the clock decided a gate with; each decides one gate of its name, in order. */
interface Decision {
  readonly gate: string;
  readonly at: string;
  /** Undefined when nobody decided in time. */
  readonly override: GateOverride | undefined;
}

export function recordedPhases(
  timeline: readonly PhaseRecord[] | undefined,
  records: readonly JournalRecord[],
  codec: Codec,
): readonly RecordedPhase[] {
  const decisions = decisionsIn(records, codec);
  return timeline ? timeline.map((phase) => endedPhase(phase, decisions)) : phasesSoFar(records, decisions, codec);
}

function decisionsIn(records: readonly JournalRecord[], codec: Codec): Decision[] {
  return records
    .filter(({ kind }) => kind === 'gate-overridden' || kind === 'gate-stood')
    .map(({ kind, label, at, body }) => ({
      gate: label,
      at: new Date(at).toISOString(),
      override: kind === 'gate-overridden' ? overrideIn(body, codec) : undefined,
    }));
}

/** What a person said; unknown where the body was erased. */
export function overrideIn(body: string | null, codec: Codec): GateOverride {
  return body === null ? { by: 'erased', reason: 'erased' } : (codec.decode(body) as GateOverride); // Checked when it was recorded.
}

function endedPhase({ phase, startedAt, durationMs, activities, gates }: PhaseRecord, decisions: Decision[]): RecordedPhase {
  return {
    phase,
    startedAt: new Date(startedAt).toISOString(),
    durationMs,
    activities: activities.map((activity) => ({ ...activity, startedAt: new Date(activity.startedAt).toISOString() })),
    gates: gates.map((gate) => endedGate(gate, decisions)),
  };
}

function endedGate({ name, severity, verdict, override, ...rest }: GateRecord, decisions: Decision[]): RecordedGate {
  const found = foundIn(rest);
  if (!override) return { name, severity, verdict, found, override: null };
  const { by, reason } = override;
  const same = (decision: Decision): boolean =>
    decision.gate === name && decision.override?.by === by && decision.override.reason === reason;
  return { name, severity, verdict, found, override: { by, reason, at: take(decisions, same)?.at ?? null } };
}

/** Phases have no records of their own: one is known by its first step. */
function phasesSoFar(records: readonly JournalRecord[], decisions: Decision[], codec: Codec): RecordedPhase[] {
  const steps = records.filter(({ kind }) => STEP_KINDS.has(kind));
  return [...Map.groupBy(steps, ({ step }) => placeOfStep(step ?? '').phase)].map(([phase, own]) => ({
    phase,
    startedAt: new Date(own.reduce((first, { startedAt, at }) => Math.min(first, startedAt ?? at), Number.MAX_SAFE_INTEGER)).toISOString(),
    durationMs: null,
    activities: [],
    gates: own.flatMap((record) => gateSoFar(record, decisions, codec)),
  }));
}

function gateSoFar({ kind, label, status, body }: JournalRecord, decisions: Decision[], codec: Codec): RecordedGate[] {
  if (kind !== 'step-ended' || status !== 'succeeded' || body === null || !label.startsWith(GATE)) return [];
  const checked = codec.decode(body) as { readonly passed?: unknown; readonly found?: unknown } | null | undefined;
  if (typeof checked?.passed !== 'boolean') return []; // A step of that name, and no gate.
  const name = label.slice(GATE.length);
  const decision = checked.passed ? undefined : take(decisions, (candidate) => candidate.gate === name);
  const verdict = checked.passed ? 'passed' : decidedAs(decision);
  const override = decision?.override ? { ...decision.override, at: decision.at } : null;
  return [{ name, severity: null, verdict, found: foundIn(checked), override }];
}

/** The code of a command may say it in other than text. */
function foundIn({ found }: { readonly found?: unknown }): string | null {
  return found === undefined || found === null ? null : plainText(found);
}

function decidedAs(decision: Decision | undefined): RecordedGate['verdict'] {
  if (!decision) return 'undecided';
  return decision.override ? 'overridden' : 'failed';
}

function take(decisions: Decision[], wanted: (decision: Decision) => boolean): Decision | undefined {
  const at = decisions.findIndex(wanted);
  return at < 0 ? undefined : decisions.splice(at, 1)[0];
}
