/** What the readable forms of a run's record have as tables besides what happened: plan, figures, what was undone. */
import type { OrchestrationPlan } from '../../orchestration/plan/OrchestrationPlan.js';
import type { RunRecordDocument } from './RunRecordDocument.js';
import { durationText, NOTHING, placeText, shareText, stepStatusText, timeText, troubleText } from './wording.js';

export interface OutcomeTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The title of the plan, which says where it may not be what the run went by. */
export function planTitle({ plannedBy }: Pick<RunRecordDocument, 'plannedBy'>): string {
  return plannedBy === 'other code' ? 'Plan, by other code than that of the run' : 'Plan';
}

/** What was planned of the run as a whole. */
export function planFacts({ pattern, pivot, compensation, constraints, worstMs, events }: OrchestrationPlan): OutcomeTable {
  const { on, order } = compensation;
  const { latencyMsMax, availabilityMin } = constraints;
  const facts: Readonly<Record<string, string | undefined>> = {
    Pattern: pattern,
    'Point of no return': pivot,
    'What was done is undone': `${order === 'parallel' ? 'all at once' : 'newest first'}${on ? `, after ${on.join(', ')} only` : ''}`,
    'May take at most': latencyMsMax === undefined ? undefined : durationText(latencyMsMax),
    'Availability at least': availabilityMin === undefined ? undefined : shareText(availabilityMin),
    'Longest by its limits': worstMs === undefined ? undefined : durationText(worstMs),
    Events: events.join(', ') || undefined,
  };
  return {
    columns: ['Planned', 'As'],
    rows: Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  };
}

export function planSystems({ systems }: OrchestrationPlan): OutcomeTable {
  return {
    columns: ['System', 'Is', 'Version', 'Protocol', 'Needed', 'After'],
    rows: systems.map(({ name, system, version, range, protocol, optional, requires }) => [
      name,
      system,
      range === undefined ? version : `${version}, needs ${range}`,
      protocol,
      optional ? 'no' : 'yes',
      requires.join(', ') || NOTHING,
    ]),
  };
}

export function planOperations({ systems, pivot }: OrchestrationPlan): OutcomeTable {
  const rows = systems.flatMap(({ name: system, operations }) =>
    operations.map(({ name, effect, undo = NOTHING, probe = NOTHING, attemptsMax, timeoutMs }) => {
      const full = `${system}.${name}`;
      const limit = timeoutMs === undefined ? NOTHING : durationText(timeoutMs);
      return [full === pivot ? `${full} (point of no return)` : full, effect, undo, probe, String(attemptsMax), limit];
    }),
  );
  return { columns: ['Operation', 'Effect', 'Undo', 'Probe', 'Attempts', 'Limit of each'], rows };
}

export function planRisks({ risks }: OrchestrationPlan): OutcomeTable {
  return {
    columns: ['Subject', 'Risk', 'Found', 'What to do'],
    rows: risks.map(({ subject, code, severity, reason, answer }) => [subject, `${code} (${severity})`, reason, answer]),
  };
}

export function metricsTable({ metrics, phases }: RunRecordDocument): OutcomeTable {
  const gates = phases.flatMap((phase) => phase.gates);
  const passed = gates.filter(({ verdict }) => verdict === 'passed').length;
  const rows = Object.entries({
    Interactions: metrics.interactions,
    Attempts: metrics.attempts,
    Retries: metrics.retries,
    Refused: metrics.refused,
    'Without answer': metrics.unanswered,
    'Outcome unknown': metrics.unknown,
    Undone: metrics.undone,
    'Health checks': metrics.checks,
    'Own steps': metrics.ownSteps,
    'Gates passed': passed,
    'Gates not passed': gates.length - passed,
  });
  return { columns: ['Figure', 'Count'], rows: rows.map(([name, value]) => [name, value.toLocaleString('en-GB')]) };
}

/** Of the steps that were done or tried several times; the table of steps has the others. */
export function timingsTable({ metrics }: RunRecordDocument): OutcomeTable {
  const several = metrics.timings.filter(({ count, attempts }) => count > 1 || attempts > 1);
  return {
    columns: ['Step', 'Outcomes', 'Attempts', 'Half took at most', 'Longest', 'Together'],
    rows: several.map(({ name, count, attempts, p50Ms, longestMs, totalMs }) => [
      name,
      String(count),
      String(attempts),
      durationText(p50Ms),
      durationText(longestMs),
      durationText(totalMs),
    ]),
  };
}

/** What was taken back, or was to be, in that order. */
export function undoneTable({ steps }: RunRecordDocument): OutcomeTable {
  const undos = new Map(steps.map((step) => [step.seq, step]));
  const taken = steps.flatMap((step) => (step.undo === null ? [] : [{ step, ...step.undo }]));
  const rows = taken
    .toSorted((one, other) => one.seq - other.seq)
    .map(({ step, seq, status, at }) => {
      const undo = undos.get(seq);
      const error = troubleText(undo?.error ?? null) || NOTHING;
      return [step.name, placeText(step), undo ? stepStatusText(undo) : status, timeText(at), error];
    });
  return { columns: ['Step', 'Phase', 'Undo', 'At', 'Error'], rows };
}
