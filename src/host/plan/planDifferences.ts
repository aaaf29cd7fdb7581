/** What changed from one plan of a command to another, and what of it breaks those who rely on the earlier one. */

import type { OrchestrationPlan, PlannedInteraction, PlannedSystem } from '../../orchestration/plan/OrchestrationPlan.js';
import { contractDifferences } from './contractDifferences.js';
import { added, breaksVersion, changed, gone, type PlanDifference } from './PlanDifference.js';

/**
 * Compares what two plans say; either may have been read from the JSON of `sixfold plan --format json`.
 *
 * Breaking is: a system or operation that is gone; an input that refuses what it accepted; an output that lacks what it had; another effect; an
 * undo that is gone; a version that is not in the caret range of the earlier one; a system that can no longer be missing; an event that is no
 * longer handled; another pivot; another command. Whether open runs can go on with changed code, `CommandRunner.check` says.
 */
export function planDifferences(before: OrchestrationPlan, after: OrchestrationPlan): readonly PlanDifference[] {
  const known = new Map(after.systems.map((system) => [system.name, system]));
  const earlier = new Set(before.systems.map(({ name }) => name));
  return [
    ...changed('plan', 'command', [before.command, after.command], () => true),
    ...before.systems.flatMap((system) => {
      const later = known.get(system.name);
      return later ? systemDifferences(system, later) : gone(system.name, 'system', system.system, true);
    }),
    ...after.systems.filter(({ name }) => !earlier.has(name)).flatMap(({ name, system }) => added(name, 'system', system)),
    ...ofWhole(before, after),
    ...ofGraph(before.interactions, after.interactions),
  ];
}

function systemDifferences(before: PlannedSystem, after: PlannedSystem): PlanDifference[] {
  const { name } = before;
  const known = new Map(after.operations.map((operation) => [operation.name, operation]));
  const earlier = new Set(before.operations.map((operation) => operation.name));
  return [
    ...changed(name, 'version', [before.version, after.version], breaksVersion),
    ...changed(name, 'range', [before.range, after.range]),
    ...changed(name, 'protocol', [before.protocol, after.protocol]),
    ...changed(name, 'need', [needOf(before), needOf(after)], (_was, is) => is === 'needed'),
    ...changed(name, 'after', [before.requires, after.requires]),
    ...before.operations.flatMap((operation) => {
      const later = known.get(operation.name);
      const subject = `${name}.${operation.name}`;
      return later ? contractDifferences(subject, operation, later) : gone(subject, 'operation', operation.effect, true);
    }),
    ...after.operations
      .filter((operation) => !earlier.has(operation.name))
      .flatMap((operation) => added(`${name}.${operation.name}`, 'operation', operation.effect)),
  ];
}

function needOf({ optional }: PlannedSystem): string {
  return optional ? 'optional' : 'needed';
}

function ofWhole(before: OrchestrationPlan, after: OrchestrationPlan): PlanDifference[] {
  const lost = before.events.filter((type) => !after.events.includes(type));
  const fresh = after.events.filter((type) => !before.events.includes(type));
  const of = (name: 'latencyMsMax' | 'availabilityMin' | 'severity') => [before.constraints[name], after.constraints[name]] as const;
  return [
    ...changed('plan', 'pattern', [before.pattern, after.pattern]),
    ...changed('plan', 'pivot', [before.pivot, after.pivot], () => true),
    ...changed('plan', 'compensation order', [before.compensation.order, after.compensation.order]),
    ...changed('plan', 'compensated errors', [before.compensation.on, after.compensation.on]),
    ...(['latencyMsMax', 'availabilityMin', 'severity'] as const).flatMap((name) => changed('plan', name, of(name))),
    ...lost.flatMap((type) => gone('plan', 'event', type, true)),
    ...fresh.flatMap((type) => added('plan', 'event', type)),
  ];
}

type Interactions = readonly PlannedInteraction[] | undefined;

function ofGraph(before: Interactions = [], after: Interactions = []): PlanDifference[] {
  const known = new Map(after.map((node) => [node.name, node]));
  const earlier = new Set(before.map(({ name }) => name));
  return [
    ...before.flatMap((node) => {
      const later = known.get(node.name);
      if (!later) return gone(node.name, 'interaction', callOf(node), false);
      return [
        ...changed(node.name, 'call', [callOf(node), callOf(later)]),
        ...changed(node.name, 'after', [node.after, later.after]),
        ...changed(node.name, 'input', [sourcesOf(node), sourcesOf(later)]),
      ];
    }),
    ...after.filter(({ name }) => !earlier.has(name)).flatMap((node) => added(node.name, 'interaction', callOf(node))),
  ];
}

function callOf({ system, operation }: PlannedInteraction): string {
  return `${system}.${operation}`;
}

/** The values of constants are those of one run's params, and do not count. */
function sourcesOf({ input }: PlannedInteraction): string | undefined {
  if (input === undefined || input === 'computed') return input;
  return Object.entries(input)
    .map(([field, source]) => `${field}: ${source.kind === 'from' ? [source.node, source.path].filter(Boolean).join('.') : 'constant'}`)
    .join(', ');
}
