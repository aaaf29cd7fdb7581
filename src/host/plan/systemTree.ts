import { oneLine } from '../../kernel/text/visibleText.js';
import type { OrchestrationPlan, PlannedOperation, PlannedSystem } from '../../orchestration/plan/OrchestrationPlan.js';
import { hanging, limitText, nameColumns } from './textLines.js';

const NAMES = { least: 14, most: 28 };

/** The systems in the order in which they are used, with their operations. */
export function systemTree({ systems, waves, interactions }: OrchestrationPlan, columns: number): string[] {
  const byName = new Map(systems.map((system) => [system.name, system]));
  const width = nameColumns(systems.map(titleOf), NAMES);
  const linesOf = (name: string): string[] => {
    const system = byName.get(name);
    return system ? systemLines(system, width, columns) : [];
  };
  // Where a graph says what is called when, systems without an order of their own have none.
  if (interactions && waves.length === 1) return ['Systems', ...systems.flatMap(({ name }) => linesOf(name))];
  const placed = new Set(waves.flat());
  const stuck = systems.filter(({ name }) => !placed.has(name));
  return [
    ...waves.flatMap((names, index) => [waveLine(names, index), ...names.flatMap(linesOf)]),
    ...(stuck.length === 0 ? [] : ['In no order', ...stuck.flatMap(({ name }) => linesOf(name))]),
  ];
}

/** The heading of what may be done together. */
export function waveLine(names: readonly string[], index: number): string {
  return `${index + 1}. ${names.length > 1 ? 'at the same time' : 'alone'}`;
}

/** On one line where there is room, else a line for each operation. */
function systemLines(system: PlannedSystem, width: number, columns: number): string[] {
  const { operations } = system;
  const title = titleOf(system);
  const about = aboutSystem(system);
  const inline = operations.map((operation) => `${oneLine(operation.name)} (${factsOf(operation)})`).join(', ');
  const whole = `   ${title.padEnd(width)} ${inline}${about}`.trimEnd();
  if (whole.length <= columns) return [whole];
  const names = nameColumns(
    operations.map((operation) => operation.name),
    NAMES,
  );
  const lines = operations.flatMap((operation, index) => {
    const isLast = index === operations.length - 1;
    const first = `   ${isLast ? '└' : '├'} ${oneLine(operation.name).padEnd(names)} `;
    return hanging(factsOf(operation), { columns, first, next: `   ${isLast ? ' ' : '│'}${' '.repeat(names + 2)}` });
  });
  return [`   ${title}${about}`, ...lines];
}

/** `inventory 1.2.0`; a system that declares no version has none. */
function titleOf({ name, version }: PlannedSystem): string {
  return oneLine(version === '0.0.0' ? name : `${name} ${version}`);
}

function aboutSystem({ protocol, range, optional }: PlannedSystem): string {
  const by = protocol === 'in-process' ? '' : ` by ${oneLine(protocol)}`;
  return `${by}${range === undefined ? '' : `, needed ${oneLine(range)}`}${optional ? ', optional' : ''}`;
}

function factsOf({ effect, worstMs, timeoutMs, attemptsMax, undo, probe, fallback }: PlannedOperation): string {
  const attempts = attemptsMax > 1 ? `in ${attemptsMax} attempts` : '';
  const longest = worstMs === undefined ? timeoutMs && `${limitText(timeoutMs)} an attempt` : `at most ${limitText(worstMs)}`;
  const limit = [longest, attempts].filter(Boolean).join(' ');
  return [
    effect,
    limit,
    undo === undefined ? '' : `undone by ${oneLine(undo)}`,
    probe === undefined ? '' : `probed by ${oneLine(probe)}`,
    fallback === undefined ? '' : `else ${oneLine(fallback)}`,
  ]
    .filter(Boolean)
    .join(', ');
}
