/** What the hooks of an orchestration are given and give back. Every type that depends on the scope is one conditional on the class. */
import type { CommandContext } from '../abstract/CommandContext.js';
import type { StateFinding } from '../abstract/RunReport.js';
import type { ParamsOf, ResultOf } from '../abstract/TypedCommand.js';
import type { Absent } from './Absent.js';
import type { InteractionGraph } from './coordination/InteractionGraph.js';
import type { OrchestrationPlan } from './plan/OrchestrationPlan.js';
import type { AnyScope, OrchestrationScope, Proxied, ProxiedLeniently } from './scope.js';
import type { CoordinationStrategy, EventRouting, StateSynchronization } from './strategies.js';

// biome-ignore-start lint/suspicious/noExplicitAny: two nested conditionals collapse under `this`, so the unused parts are any
type ScopeIs<S> = { defineOrchestrationScope(planning: any): S | Promise<S> };

/** The systems of a command's scope, with their operations. */
export type SystemsOf<C> =
  C extends ScopeIs<OrchestrationScope<infer Sys, infer Opt, any>>
    ? { readonly [K in keyof Sys]: Proxied<Sys[K]> } & { readonly [K in keyof Opt]: ProxiedLeniently<Opt[K]> }
    : never;

/** The events of a command's scope; `switch (event.type)` narrows. */
export type EventOf<C> =
  C extends ScopeIs<OrchestrationScope<any, any, infer Ev>>
    ? {
        [T in keyof Ev & string]: {
          readonly type: T;
          readonly data: InstanceType<Ev[T]>;
          readonly id: string;
          /** `system.operation` that emitted it. */
          readonly source: string;
          readonly time: Date;
        };
      }[keyof Ev & string]
    : never;
// biome-ignore-end lint/suspicious/noExplicitAny: see above

export interface Planning<C> {
  readonly phase: 'planning';
  readonly params: ParamsOf<C>;
}

export interface Interactions<C> {
  readonly phase: 'execution';
  readonly params: ParamsOf<C>;
  readonly systems: SystemsOf<C>;
  readonly ctx: CommandContext;
  readonly plan: OrchestrationPlan;
  /** Puts on record, in `degraded` of the outcome, what the run did without. */
  readonly degrade: (absent: Absent) => void;
  /** The interactions that the scope has as data. */
  readonly graph: InteractionGraph | undefined;
}

export interface StateContext<C> {
  readonly phase: 'completion';
  readonly params: ParamsOf<C>;
  readonly systems: SystemsOf<C>;
  readonly ctx: CommandContext;
  readonly results: CoordinationResults<ResultOf<C>>;
}

export interface EventContext<C> {
  readonly phase: 'execution';
  readonly params: ParamsOf<C>;
  readonly systems: SystemsOf<C>;
  readonly ctx: CommandContext;
  readonly event: EventOf<C>;
  /** 1 for the first time. */
  readonly delivery: number;
}

/** One call of an operation by a run. */
export interface InteractionRecord {
  readonly system: string;
  readonly operation: string;
  /** By the times of the records around it. */
  readonly durationMs: number;
  readonly status: 'succeeded' | 'failed' | 'absent';
}

export interface EventCounts {
  readonly handled: number;
  readonly ignored: number;
  readonly dropped: number;
  readonly rejected: number;
}

export interface CoordinationResults<R> {
  readonly result: R;
  /** Those outside of branches; of a branch the code has its outcome. */
  readonly interactions: readonly InteractionRecord[];
  /** Optional systems that were not there or failed outside of branches, with the first reason. */
  readonly absent: readonly Absent[];
  readonly events: EventCounts;
}

export interface StateManagementResults {
  /** False fails the run. */
  readonly consistent: boolean;
  readonly findings?: readonly StateFinding[];
}

/** `retryAfterMs` asks to be given the event again then, at most 100 times; those of the same key wait. */
export type EventHandlingResults = 'handled' | 'ignored' | { readonly rejected: string } | { readonly retryAfterMs: number };

/** The hooks as the driver calls them: for every command alike, so what they are given is not typed here. */
export interface OrchestrationHooks<R> {
  defineOrchestrationScope(planning: never): AnyScope | Promise<AnyScope>;
  coordinateSystemInteractions(interactions: never): Promise<R>;
  manageOrchestrationState(state: never): Promise<StateManagementResults>;
  handleOrchestrationEvents(event: never): Promise<EventHandlingResults>;
  customizeCoordinationStrategy?(plan: OrchestrationPlan): CoordinationStrategy;
  customizeStateSynchronization?(plan: OrchestrationPlan): StateSynchronization;
  customizeEventRouting?(plan: OrchestrationPlan): EventRouting;
}
