/** What a command would do, before it does anything: systems, operations, order, and what stands in the way. */
import type { Effect } from '../kernel/Call.js';
import { operationsOf } from '../systems/operation.js';
import { systemSpecOf } from '../systems/System.js';
import { type AnyScope, type NamedSystem, namedSystems } from './scope.js';

export interface PlannedOperation {
  readonly name: string;
  readonly effect: Effect;
  readonly timeoutMs?: number;
  readonly description?: string;
}

export interface PlannedSystem {
  /** Its name in the scope. */
  readonly name: string;
  /** Its own name. */
  readonly system: string;
  readonly version: string;
  readonly protocol: string;
  readonly optional: boolean;
  readonly operations: readonly PlannedOperation[];
  /** Names in the scope of the systems that come before it. */
  readonly requires: readonly string[];
}

export interface Risk {
  /** `order-cycle`, `order-unknown`, `required-missing`, `no-operations` or `once-without-probe`. */
  readonly code: string;
  readonly subject: string;
  readonly reason: string;
  /** A plan with an error is refused before anything happens. */
  readonly severity: 'error' | 'warning';
}

export interface OrchestrationPlan {
  readonly command: string;
  readonly systems: readonly PlannedSystem[];
  /** Names of systems that may be used at the same time, in order. The code decides which operations are called, and how often. */
  readonly waves: readonly (readonly string[])[];
  /** Name of the coordination strategy. */
  readonly pattern: string;
  /** Types of the events that are handled. */
  readonly events: readonly string[];
  readonly risks: readonly Risk[];
}

/** The plan of a scope. Reads only what the scope and its systems declare: no socket, no file, no call of a system. */
export function planOf(command: string, declared: AnyScope): Omit<OrchestrationPlan, 'pattern'> {
  const named = namedSystems(declared);
  const systems = named.map((one) => plannedSystem(one, declared, named));
  const { waves, stuck } = wavesOf(systems);
  const risks = [...orderRisks(declared, named), ...requirementRisks(named), ...operationRisks(systems), ...cycleRisks(systems, stuck)];
  return { command, systems, waves, events: Object.keys(declared.events ?? {}), risks };
}

function plannedSystem({ alias, member, system, optional }: NamedSystem, declared: AnyScope, named: readonly NamedSystem[]): PlannedSystem {
  const spec = systemSpecOf(system);
  const earlier = named.filter(
    (other) => declared.after?.[member]?.includes(other.member) || spec.requires.some((type) => other.system instanceof type),
  );
  return {
    name: alias,
    system: spec.name,
    version: spec.version,
    protocol: spec.protocol,
    optional,
    operations: [...operationsOf(system).values()].map(({ name, effect, policy, description }) => ({
      name,
      effect,
      ...(policy.timeoutMs === undefined ? {} : { timeoutMs: policy.timeoutMs }),
      ...(description === undefined ? {} : { description }),
    })),
    requires: earlier.map((other) => other.alias),
  };
}

/** Systems in layers by what they require; `stuck` are those that wait for one another. */
function wavesOf(systems: readonly PlannedSystem[]): { waves: string[][]; stuck: PlannedSystem[] } {
  const waves: string[][] = [];
  const placed = new Set<string>();
  let left = [...systems];
  while (left.length > 0) {
    const wave = left.filter((system) => system.requires.every((name) => placed.has(name)));
    if (wave.length === 0) break;
    waves.push(wave.map((system) => system.name));
    for (const { name } of wave) placed.add(name);
    left = left.filter((system) => !placed.has(system.name));
  }
  return { waves, stuck: left };
}

function orderRisks(declared: AnyScope, named: readonly NamedSystem[]): Risk[] {
  const known = new Set(named.map(({ member }) => member));
  return Object.entries(declared.after ?? {})
    .flatMap(([member, earlier]) => [member, ...(earlier ?? [])].map((name) => ({ member, name })))
    .filter(({ name }) => !known.has(name))
    .map(({ member, name }) => ({
      code: 'order-unknown',
      subject: member,
      reason: `\`after\` names "${name}", which is no system of the scope (${[...known].join(', ')})`,
      severity: 'error' as const,
    }));
}

function requirementRisks(named: readonly NamedSystem[]): Risk[] {
  return named.flatMap(({ alias, system }) =>
    systemSpecOf(system)
      .requires.filter((type) => !named.some((other) => other.system instanceof type))
      .map((type) => ({
        code: 'required-missing',
        subject: alias,
        reason: `${alias} requires ${type.name}, and the scope has none`,
        severity: 'error' as const,
      })),
  );
}

function operationRisks(systems: readonly PlannedSystem[]): Risk[] {
  return systems.flatMap(({ name, operations }): Risk[] => {
    if (operations.length === 0) {
      return [
        { code: 'no-operations', subject: name, reason: `${name} declares no @operation, so nothing can be called`, severity: 'error' },
      ];
    }
    return operations
      .filter(({ effect }) => effect === 'once')
      .map((operation) => ({
        code: 'once-without-probe',
        subject: `${name}.${operation.name}`,
        reason: `if the reply of ${name}.${operation.name} is lost, the run stops as unknown and waits for a person`,
        severity: 'warning',
      }));
  });
}

function cycleRisks(systems: readonly PlannedSystem[], stuck: readonly PlannedSystem[]): Risk[] {
  const first = stuck.find((system) => pathBack(system.name, systems) !== undefined);
  const path = first && pathBack(first.name, systems);
  if (!first || !path) return [];
  return [{ code: 'order-cycle', subject: first.name, reason: `systems wait for one another: ${path.join(' after ')}`, severity: 'error' }];
}

/** A chain of requirements from a system to itself, if there is one. */
function pathBack(start: string, systems: readonly PlannedSystem[]): string[] | undefined {
  const requires = new Map(systems.map(({ name, requires: earlier }) => [name, earlier]));
  const seen = new Set<string>();
  const open: string[][] = [[start]];
  for (let path = open.pop(); path; path = open.pop()) {
    for (const next of requires.get(path.at(-1) ?? '') ?? []) {
      if (next === start) return [...path, start];
      if (seen.has(next)) continue;
      seen.add(next);
      open.push([...path, next]);
    }
  }
  return undefined;
}
