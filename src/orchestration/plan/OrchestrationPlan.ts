/** What a command would do, before it does anything: systems, operations, order, interactions, and what stands in the way. Plain data. */
import type { Effect } from '../../kernel/Call.js';
import type { Constraints } from '../scope.js';
import type { Risk } from './Risk.js';

/** A field of the input or output of an operation, as the rules of its class have it. */
export interface PlannedField {
  /** `total`, of a nested class `address.city`, in a list `lines[].sku`; empty for what is a text, number or truth itself. */
  readonly name: string;
  /** `text`, `integer`, `number`, `truth`, the name of a class, or `other`; `text[]` for a list. */
  readonly type: string;
  /** It may not be left out. */
  readonly required: boolean;
}

export interface PlannedOperation {
  readonly name: string;
  readonly effect: Effect;
  /** The operation that takes this one back. */
  readonly undo?: string;
  /** The method that finds out what became of it. */
  readonly probe?: string;
  /** The operation that is called instead when this one is not to be had. */
  readonly fallback?: string;
  /** Of its first attempt. */
  readonly timeoutMs?: number;
  /** By its own policy. The pivot, and what is called behind it, is tried ten times where it has none. */
  readonly attemptsMax: number;
  /**
   * The longest that a call can take by its limits: every attempt up to its timeout, the waits between them, its probe and its fallback. Absent
   * without a time limit. A system that asks to be left alone for longer is not foreseen, nor is one that does not heed `call.signal`.
   */
  readonly worstMs?: number;
  /** Where it is not that of the system. */
  readonly version?: string;
  readonly description?: string;
  /** Absent where it takes none; empty where nothing is known of its fields. */
  readonly input?: readonly PlannedField[];
  /** Absent where it gives none; empty where nothing is known of its fields. */
  readonly output?: readonly PlannedField[];
}

export interface PlannedSystem {
  /** Its name in the scope. */
  readonly name: string;
  /** Its own name. */
  readonly system: string;
  readonly version: string;
  /** Versions that the command can work with. */
  readonly range?: string;
  readonly protocol: string;
  readonly optional: boolean;
  readonly operations: readonly PlannedOperation[];
  /** Names in the scope of the systems that come before it. */
  readonly requires: readonly string[];
}

/** Where a field of an input comes from. */
export type PlannedSource =
  /** As JSON has it. The value of a sensitive name is `[redacted]`, and of a long text the beginning is shown. */
  { readonly kind: 'constant'; readonly value: unknown } | { readonly kind: 'from'; readonly node: string; readonly path: string };

/** A node of the graph. */
export interface PlannedInteraction {
  readonly name: string;
  /** Name of the system in the scope. */
  readonly system: string;
  readonly operation: string;
  /** The nodes that it waits for, by its mapping and by `after`. */
  readonly after: readonly string[];
  /** By field; `computed` where a function of the command makes it. Absent for an operation without input. */
  readonly input?: 'computed' | { readonly [field: string]: PlannedSource };
}

/** Data that flows from one interaction to another. */
export interface PlannedLink {
  readonly from: string;
  readonly to: string;
  /** `system.operation`. */
  readonly producer: string;
  /** `system.operation`. */
  readonly consumer: string;
  /** For each field of the consumer's input the path in the producer's output, which is empty for the whole; `computed` where a function decides. */
  readonly data: 'computed' | { readonly [field: string]: string };
}

/** What is undone when a run fails. */
export interface PlannedCompensation {
  readonly order: 'reverse' | 'parallel';
  /** Names of the error classes after which it is; absent for every error. */
  readonly on?: readonly string[];
}

export interface OrchestrationPlan {
  readonly command: string;
  readonly systems: readonly PlannedSystem[];
  /** Names of systems that may be used at the same time, in order. */
  readonly waves: readonly (readonly string[])[];
  /** Name of the coordination strategy. */
  readonly pattern: string;
  /** The point of no return, `system.operation`. */
  readonly pivot?: string;
  readonly compensation: PlannedCompensation;
  readonly constraints: Constraints;
  /** Types of the events that are handled. */
  readonly events: readonly string[];
  /** What is called, exactly, where the scope gives its interactions as data. Absent where the code decides what is called, and how often. */
  readonly interactions?: readonly PlannedInteraction[];
  /** With `interactions`. */
  readonly links?: readonly PlannedLink[];
  /** Names of interactions that are called at the same time, in order. With `interactions`. */
  readonly interactionWaves?: readonly (readonly string[])[];
  /** The longest that the interactions can take by their limits, one after the other where they have to be. Absent where one has no limit. */
  readonly worstMs?: number;
  readonly risks: readonly Risk[];
}
