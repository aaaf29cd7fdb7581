import type { Call } from '../kernel/Call.js';
import type { AbstractClass, Class } from '../kernel/Class.js';
import type { Channel } from './channels/Channel.js';

/** What one system showed of its state, for comparison with what the others show. */
export interface StateObservation {
  /** Names the same thing in every system that holds a copy of it. */
  readonly key: string;
  /** Equal versions mean equal state. */
  readonly version: string;
  readonly value?: unknown;
}

/**
 * What a command coordinates: a service, database, broker, tool or agent. Its operations are methods marked with
 * `@operation`. Instances come from the host's container and hold connections and settings, never the state of a run.
 */
export abstract class System {
  declare protected readonly '~system': true;

  /**
   * How the system is reached, where that is a channel: it is opened when a run sets up and closed when the last run that uses it is over,
   * its protocol stands in the plan, and without a `checkHealth` its health and version are asked for.
   */
  readonly channel?: Channel;

  /** Rejects, with the reason, when the system cannot be used now. Asked in the validation phase, before any effect. */
  checkHealth?(call: Call): Promise<void>;

  /** Reads back the state that other systems must agree with. Asked in the completion phase. */
  observeState?(call: Call): Promise<readonly StateObservation[]>;
}

/** How a system describes itself to the planner. */
export interface SystemSpec {
  /** @default the class name */
  readonly name?: string;
  /** Semantic version of what the system offers. @default '0.0.0' */
  readonly version?: string;
  /** How it is reached. @default that of its channel, or 'in-process' */
  readonly protocol?: string;
  /** Systems that must stand in the same scope and are used before this one. */
  readonly requires?: readonly Class<System>[];
}

const SPECS = new WeakMap<AbstractClass<System>, SystemSpec>();

/** Names and versions a system. Without it the system has its class name, version 0.0.0 and no requirements. */
export function system(spec: SystemSpec): <C extends AbstractClass<System>>(target: C) => void {
  return (target) => {
    SPECS.set(target, spec);
  };
}

/** The description of a system's class; each field comes from the nearest class of the lineage that gives it. */
export function systemSpecOf(instance: System): Required<SystemSpec> {
  const lineage = lineageOf(instance).map((owner) => SPECS.get(owner) ?? {});
  const nearest = <K extends keyof SystemSpec>(field: K) => lineage.find((spec) => spec[field] !== undefined)?.[field];
  return {
    name: nearest('name') ?? instance.constructor.name,
    version: nearest('version') ?? '0.0.0',
    protocol: nearest('protocol') ?? instance.channel?.protocol ?? 'in-process',
    requires: nearest('requires') ?? [],
  };
}

/** The constructors of an instance, leaf first, without Object. */
function lineageOf(instance: object): AbstractClass<System>[] {
  const lineage: AbstractClass<System>[] = [];
  for (
    let prototype = Object.getPrototypeOf(instance);
    prototype && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    lineage.push(prototype.constructor);
  }
  return lineage;
}
