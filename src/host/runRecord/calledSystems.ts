/** Which steps of a run are calls of systems, and of which. */
import type { OrchestrationReport } from '../../orchestration/OrchestrationReport.js';
import type { OrchestrationPlan } from '../../orchestration/plan/OrchestrationPlan.js';

/** What ended runs say of themselves: any of these parts may be missing in older journals, or of a command without systems. */
export type RecordedReport = Partial<OrchestrationReport>;

export interface CalledOperation {
  /** Its name in the scope of the command. */
  readonly system: string;
  /** Of an undo, the operation that it takes back. */
  readonly operation: string;
  readonly kind: 'operation' | 'undo' | 'check';
}

/** A step by its name and its place. */
export interface NamedStep {
  readonly name: string;
  readonly phase: string;
  readonly part: string | null;
}

const UNDO = 'undo ';
const CHECKS: readonly string[] = ['checkHealth', 'version'];
const OPERATION_NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/**
 * Names of the systems of a run: those of its plan, where there is none those that its report and its checks name. Of a run without
 * report, which has not ended or was erased, all that looks like `system.operation`.
 */
export function systemsOf(report: RecordedReport | undefined, steps: Iterable<NamedStep>, plan?: OrchestrationPlan): ReadonlySet<string> {
  if (plan) return new Set(plan.systems.map(({ name }) => name));
  if (report && !report.interactions) return new Set();
  const named = [...steps].flatMap((step) => splitName(step) ?? []);
  const looksRight = report ? named.filter(({ kind }) => kind === 'check') : named.filter(({ system }) => !/\s/.test(system));
  return new Set([...looksRight, ...(report?.interactions ?? [])].map(({ system }) => system));
}

/** The call that a step is; undefined for a step of the command's own. */
export function calledOperation(step: NamedStep, systems: ReadonlySet<string>): CalledOperation | undefined {
  const called = splitName(step);
  return called && systems.has(called.system) ? called : undefined;
}

function splitName({ name, phase, part }: NamedStep): CalledOperation | undefined {
  const isUndo = part === 'undo' && name.startsWith(UNDO);
  const plain = isUndo ? name.slice(UNDO.length) : name;
  const dot = plain.lastIndexOf('.');
  const operation = plain.slice(dot + 1);
  if (dot < 1 || !OPERATION_NAME.test(operation)) return undefined;
  const isCheck = phase === 'validation' && CHECKS.includes(operation);
  return { system: plain.slice(0, dot), operation, kind: isUndo ? 'undo' : isCheck ? 'check' : 'operation' };
}
