import type { OrchestrationPlan, PlannedSystem } from '../index.js';

/** A plan as a tree for the terminal. */
export function planText(plan: OrchestrationPlan): string {
  const byName = new Map(plan.systems.map((system) => [system.name, system]));
  const waves = plan.waves.flatMap((names, index) => [
    `${index + 1}. ${names.length > 1 ? 'at the same time' : 'alone'}`,
    ...names.map((name) => `   ${lineOf(byName.get(name))}`),
  ]);
  return [
    `${plan.command}, ${plan.pattern} coordination of ${plan.systems.length} systems. Nothing was executed.`,
    '',
    ...waves,
    ...risksOf(plan),
    '',
    'The code of the command decides which operations are called, and how often.',
    '',
  ].join('\n');
}

function lineOf(system: PlannedSystem | undefined): string {
  if (!system) return '';
  const operations = system.operations.map(
    ({ name, effect, timeoutMs }) => `${name} (${effect}${timeoutMs ? `, at most ${timeoutMs / 1000} s` : ''})`,
  );
  const protocol = system.protocol === 'in-process' ? '' : ` by ${system.protocol}`;
  return `${system.name.padEnd(14)} ${operations.join(', ')}${protocol}${system.optional ? ', optional' : ''}`;
}

function risksOf({ risks }: OrchestrationPlan): string[] {
  if (risks.length === 0) return [];
  return ['', 'Risks', ...risks.map(({ severity, reason }) => `   ${severity}: ${reason}`)];
}
