import { PATIENCE } from '../../../abstract/Compensation.js';
import type { Constraints } from '../../scope.js';
import { longestPath } from '../longestPath.js';
import type { Callable, PlanDraft } from '../PlanDraft.js';
import { type Risk, risk } from '../Risk.js';
import { worstMsOf } from '../worstMs.js';

/** Of what the run must keep to. */
export function constraintRisks(draft: PlanDraft): Risk[] {
  const { constraints = {} } = draft.scope;
  const invalid = invalidConstraints(constraints);
  const { latencyMsMax } = constraints;
  if (latencyMsMax === undefined || invalid.length > 0) return invalid;
  return draft.graph ? latencyOfGraph(draft, latencyMsMax) : latencyOfCode(draft, latencyMsMax);
}

function invalidConstraints({ latencyMsMax, availabilityMin, severity }: Constraints): Risk[] {
  const found: Risk[] = [];
  const refuse = (name: string, value: unknown, expected: string): void => {
    found.push(risk('constraint-invalid', name, `${name} is ${String(value)}; it is ${expected}`));
  };
  if (latencyMsMax !== undefined && !(Number.isFinite(latencyMsMax) && latencyMsMax > 0)) {
    refuse('latencyMsMax', latencyMsMax, 'a number of milliseconds above 0');
  }
  if (availabilityMin !== undefined && !(availabilityMin >= 0 && availabilityMin <= 1)) {
    refuse('availabilityMin', availabilityMin, 'a share from 0 to 1, so that 99.9 % is 0.999');
  }
  if (severity !== undefined && severity !== 'error' && severity !== 'warning') refuse('severity', severity, "'error' or 'warning'");
  return found;
}

/*
 * Limits say how long a call can take, not how long it does: that they do not keep a run within its time is a warning. Of a graph the
 * longest path counts. Where the code decides, nothing is known of the sum, so an operation counts that breaks the constraint alone; one that
 * is only there to undo does not, since a run that undoes has failed.
 */

function latencyOfGraph(draft: PlanDraft, latencyMsMax: number): Risk[] {
  const called = new Set([...(draft.graph?.nodes.values() ?? [])].map(({ given }) => given.call));
  const endless = [...called].filter((name) => draft.calls.has(name) && draft.calls.get(name)?.planned.worstMs === undefined);
  const path = longestPath(draft);
  if (!path || path.worstMs <= latencyMsMax) return endless.map((name) => unbounded(name, latencyMsMax));
  return [unreachable('latencyMsMax', `${path.nodes.join(', then ')} may take ${path.worstMs} ms, and a run at most ${latencyMsMax} ms`)];
}

function latencyOfCode({ scope, calls, undoing }: PlanDraft, latencyMsMax: number): Risk[] {
  const counted = [...calls].filter(([name]) => !undoing.has(name));
  return counted.flatMap(([name, call]) => {
    const worstMs = longestCallMs(call, name === scope.pivot);
    if (worstMs === undefined) return [unbounded(name, latencyMsMax)];
    if (worstMs <= latencyMsMax) return [];
    return [unreachable(name, `one call of ${name} may take ${worstMs} ms, and a run at most ${latencyMsMax} ms`)];
  });
}

/** The pivot is tried patiently. */
function longestCallMs({ declared, planned, owner }: Callable, isPivot: boolean): number | undefined {
  return isPivot ? worstMsOf(declared, { among: owner.declared, retry: PATIENCE }) : planned.worstMs;
}

function unbounded(name: string, latencyMsMax: number): Risk {
  return unreachable(name, `${name} has no time limit, so nothing keeps a run within ${latencyMsMax} ms`);
}

function unreachable(subject: string, reason: string): Risk {
  return risk('latency-unreachable', subject, reason);
}
