/** The systems of a scope as the plan shows them. */
import type { Class } from '../../kernel/Class.js';
import { type DeclaredOperation, operationsOf } from '../../systems/operation.js';
import { type System, systemSpecOf } from '../../systems/System.js';
import type { AnyScope, NamedSystem } from '../scope.js';
import type { PlannedOperation, PlannedSystem } from './OrchestrationPlan.js';
import { plannedFieldsOf } from './plannedFields.js';
import { worstMsOf } from './worstMs.js';

/** What a risk is looked for in: a system as it is, beside what the plan shows of it. */
export interface Participating extends NamedSystem {
  readonly planned: PlannedSystem;
  /** Those of its class, by name. */
  readonly declared: ReadonlyMap<string, DeclaredOperation>;
}

export function participating(scope: AnyScope, named: readonly NamedSystem[]): Participating[] {
  return named.map((one) => {
    const { declared, planned } = operationsKnownOf(one.system);
    return { ...one, declared, planned: plannedSystem(one, { scope, named, operations: planned }) };
  });
}

interface Surroundings {
  readonly scope: AnyScope;
  readonly named: readonly NamedSystem[];
  readonly operations: readonly PlannedOperation[];
}

function plannedSystem({ alias, member, system, optional }: NamedSystem, { scope, named, operations }: Surroundings): PlannedSystem {
  const spec = systemSpecOf(system);
  const range = scope.versions?.[member];
  const earlier = named.filter(
    (other) => scope.after?.[member]?.includes(other.member) || spec.requires.some((type) => satisfies(other, type, system)),
  );
  return {
    name: alias,
    system: spec.name,
    version: spec.version,
    ...(range === undefined ? {} : { range }),
    protocol: spec.protocol,
    optional,
    operations,
    requires: earlier.map((other) => other.alias),
  };
}

/** Whether it is what the system requires; no system is its own requirement. */
export function satisfies({ system }: NamedSystem, type: Class<System>, requiring: System): boolean {
  return system !== requiring && system instanceof type;
}

interface KnownOperations {
  readonly declared: ReadonlyMap<string, DeclaredOperation>;
  readonly planned: readonly PlannedOperation[];
}

/** By the prototype, since instances of a class have the same ones, and a plan is made for every run. */
const KNOWN = new WeakMap<object, KnownOperations>();

function operationsKnownOf(system: System): KnownOperations {
  const prototype = Object.getPrototypeOf(system) as object;
  const known = KNOWN.get(prototype) ?? readOperations(system);
  KNOWN.set(prototype, known);
  return known;
}

function readOperations(system: System): KnownOperations {
  const declared = operationsOf(system);
  return { declared, planned: [...declared.values()].map((operation) => plannedOperation(operation, declared)) };
}

function plannedOperation(operation: DeclaredOperation, all: ReadonlyMap<string, DeclaredOperation>): PlannedOperation {
  const { name, effect, undo, policy, input, output } = operation;
  return {
    name,
    effect,
    attemptsMax: policy.retry?.attemptsMax ?? 1,
    ...stated({
      undo: undo?.operation,
      probe: operation.probe,
      fallback: operation.fallback,
      timeoutMs: policy.timeoutMs,
      worstMs: worstMsOf(operation, { among: all }),
      version: operation.version,
      description: operation.description,
      input: input && plannedFieldsOf(input),
      output: output && plannedFieldsOf(output as Class<object>),
    }),
  };
}

/** Without the fields that are undefined. */
function stated<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
