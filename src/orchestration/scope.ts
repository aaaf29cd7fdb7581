/** What a command coordinates: its systems, which of them it can do without, their order, and the events it handles. */
import type { Call } from '../kernel/Call.js';
import type { AbstractClass, Class } from '../kernel/Class.js';
import { System } from '../systems/System.js';
import type { Absent } from './Absent.js';
import type { InteractionGraph } from './coordination/InteractionGraph.js';

/** One system, or several of a kind. */
export type Participant = System | readonly System[] | { readonly [name: string]: System };
export type Participants = { readonly [name: string]: Participant };
export type EventClasses = { readonly [type: string]: Class<object> };

type OperationsNamed<Sys> = { [K in keyof Sys & string]: OperationsUnder<K, Sys[K]> }[keyof Sys & string];
type OperationsUnder<Alias extends string, P> = P extends System
  ? `${Alias}.${keyof Operations<P> & string}`
  : P extends readonly (infer S)[]
    ? `${Alias}[${number}].${keyof Operations<S> & string}`
    : { [M in keyof P & string]: `${Alias}.${M}.${keyof Operations<P[M]> & string}` }[keyof P & string];

/** What the run must keep to. */
export interface Constraints {
  /** From the start of the run to the end of its completion phase, in milliseconds. */
  readonly latencyMsMax?: number;
  /** Share of the calls of each needed system that were answered, over the history, from 0 to 1. */
  readonly availabilityMin?: number;
  /** A broken one fails the run, or is a finding in its outcome. @default 'warning' */
  readonly severity?: 'error' | 'warning';
}

/** When and how what a failed run did is undone. */
export interface CompensationSpec {
  /** Only after these errors; after any other what was done stays. @default every error */
  readonly on?: readonly AbstractClass<Error>[];
  /** Newest first, one after the other, or all at once. @default 'reverse' */
  readonly order?: 'reverse' | 'parallel';
}

/** No default type arguments on purpose: annotating a hook `: OrchestrationScope` would erase the systems, so it does not compile. */
export interface OrchestrationScope<Sys extends Participants, Opt extends Participants, Ev extends EventClasses> {
  readonly systems: Sys;
  /** Systems whose operations give `Absent` where they fail, instead of failing the run. */
  readonly optional?: Opt;
  /** Classes of the events that systems may emit, by type. */
  readonly events?: Ev;
  /** For a system, those that the command uses before it. */
  readonly after?: { readonly [K in (keyof Sys | keyof Opt) & string]?: readonly ((keyof Sys | keyof Opt) & string)[] };
  /** Versions of systems that the command can work with, as semver ranges; a system that runs another is not available. */
  readonly versions?: { readonly [K in (keyof Sys | keyof Opt) & string]?: string };
  /**
   * The point of no return, `system.operation`: before it a failure is undone, once it has happened nothing is, and the run goes forward:
   * what is called behind it is tried patiently, and neither a cancellation nor a deadline stops it.
   */
  readonly pivot?: OperationsNamed<Sys>;
  readonly compensation?: CompensationSpec;
  readonly constraints?: Constraints;
  /** The interactions as data, for a `GraphCommand`: so they are planned exactly. */
  readonly interactions?: InteractionGraph<OperationsNamed<Sys> | OperationsNamed<Opt>>;
}

/** A scope whose systems are not known to the compiler. */
export interface AnyScope {
  readonly systems: Participants;
  readonly optional?: Participants;
  readonly events?: EventClasses;
  readonly after?: { readonly [system: string]: readonly string[] | undefined };
  readonly versions?: { readonly [system: string]: string | undefined };
  readonly pivot?: string;
  readonly compensation?: CompensationSpec;
  readonly constraints?: Constraints;
  readonly interactions?: InteractionGraph<string>;
}

/** Makes a scope, and keeps for the compiler which systems it has. */
export function scope<
  const Sys extends Participants,
  const Opt extends Participants = Record<never, never>,
  const Ev extends EventClasses = Record<never, never>,
>(parts: OrchestrationScope<Sys, Opt, Ev>): OrchestrationScope<Sys, Opt, Ev> {
  return parts;
}

/** Settings of one interaction. @typeParam O what it gives */
export interface CallOptions<O = unknown> {
  /** Tells equal calls apart that an edit of the code could confuse. */
  readonly key?: string;
  /** Instead of the operation's own limit. */
  readonly timeoutMs?: number;
  /** Instead of the operation's own undo: what to do in its place, as a step, or 'none'. */
  readonly undo?: ((output: O, call: Call) => Promise<unknown>) | 'none';
}

type Callable<F> = F extends (...args: infer A) => infer R
  ? A extends [Call]
    ? (options?: CallOptions<Awaited<R>>) => Promise<Awaited<R>>
    : A extends [infer I, Call]
      ? (input: I, options?: CallOptions<Awaited<R>>) => Promise<Awaited<R>>
      : never
  : never;

/** The operations of a system as a command calls them. */
type Operations<S> = {
  readonly [K in keyof S as K extends 'checkHealth' | 'observeState' ? never : [Callable<S[K]>] extends [never] ? never : K]: Callable<
    S[K]
  >;
};
type OrAbsent<F> = F extends (...args: infer A) => Promise<infer O> ? (...args: A) => Promise<O | Absent> : never;
type Lenient<S> = { readonly [K in keyof Operations<S>]: OrAbsent<Operations<S>[K]> };
export type Proxied<T> = T extends System ? Operations<T> : { readonly [K in keyof T]: Operations<T[K]> };
export type ProxiedLeniently<T> = T extends System ? Lenient<T> : { readonly [K in keyof T]: Lenient<T[K]> };

/** One system of a scope under the name that the command gives it. */
export interface NamedSystem {
  /** `inventory`, `shards[0]` or `regions.eu`. */
  readonly alias: string;
  /** The key in the scope, `inventory`, `shards` or `regions`. */
  readonly member: string;
  readonly system: System;
  readonly optional: boolean;
}

/** All systems of a scope, the needed ones first. */
export function namedSystems(declared: AnyScope): NamedSystem[] {
  return [...membersOf(declared.systems, false), ...membersOf(declared.optional ?? {}, true)];
}

function membersOf(participants: Participants, optional: boolean): NamedSystem[] {
  return Object.entries(participants).flatMap(([member, participant]): NamedSystem[] => {
    if (isSystem(participant)) return [{ alias: member, member, system: participant, optional }];
    if (Array.isArray(participant)) {
      return participant.map((system: System, index) => ({ alias: `${member}[${index}]`, member, system, optional }));
    }
    return Object.entries(participant).map(([name, system]) => ({
      alias: `${member}.${name}`,
      member,
      system: system as System,
      optional,
    }));
  });
}

function isSystem(participant: Participant): participant is System {
  return participant instanceof System;
}
