/**
 * Base of every command.
 *
 * Owns: the types of params and result, and the seal on `execute`. Does not own: the journal, the container, the phases'
 * content, which the direct subclasses `PlainCommand` and `OrchestrationCommand` give.
 */
import type { EarlierRuns } from './EarlierRuns.js';
import type { LifecycleBodies } from './Lifecycle.js';
import type { RunContext } from './RunContext.js';

/** A property that a subclass cannot override without a compile error that shows the remedy. */
export interface Sealed<Remedy extends string> {
  readonly '~sealed': Remedy;
}

/** Where a base keeps what the driver calls; not for use outside Sixfold. */
export const lifecycleOf = Symbol('sixfold.lifecycle');

/** Under this a base names the hooks that a leaf must have. */
export const hooksToWrite = Symbol('sixfold.hooks');

/** What a command needs besides its params and context; the driver hands it over. */
export interface Preparation<P> {
  readonly command: string;
  readonly params: P;
  readonly run: RunContext;
  readonly earlier: EarlierRuns;
}

export abstract class AbstractCommand<P extends object, R> {
  declare readonly '~params': (params: P) => P;
  declare readonly '~result': (result: R) => R;
  declare readonly execute: Sealed<'Sixfold drives the command. Write run() in a plain command, coordinateSystemInteractions() in an orchestration.'>;

  /** @internal */
  abstract readonly [hooksToWrite]: readonly string[];

  /** @internal */
  abstract [lifecycleOf](preparation: Preparation<P>): LifecycleBodies<R>;
}

// biome-ignore lint/suspicious/noExplicitAny: the phantoms are invariant, so only any matches every command
export type AnyCommand = AbstractCommand<any, any>;
