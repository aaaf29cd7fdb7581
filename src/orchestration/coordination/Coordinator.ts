/**
 * Hierarchical control: a tree of coordinators, each of which leads those below it and makes one result of what they give.
 *
 * Owns: what becomes of a coordinator that fails. Does not own: what it does; the undoing, which is its branch's.
 * Invariants: each attempt is a branch that compensates, so what a failed one did is undone before anybody goes on, and the others are not
 * touched; a coordinator ends when all below it have; what the tree did without is carried up with the outcomes, so a resumed run knows it too.
 */
import type { CommandContext } from '../../abstract/CommandContext.js';
import { messageOf, OutcomeUnknownError, UsageError } from '../../kernel/errors.js';
import { Places } from '../../kernel/Places.js';
import { Absent } from '../Absent.js';
import { isAbsorbable } from './absorbable.js';
import type { CoordinationSite } from './CoordinationSite.js';

/** `fail` fails the one above; `retry` does all of it again, undone before; `degrade` gives `Absent`. */
export type OnFailure = 'fail' | 'retry' | 'degrade';

/** What the children give, in their order. */
export type OutputsOf<C extends readonly Coordinator<unknown>[]> = {
  readonly [I in keyof C]: C[I] extends Coordinator<infer T> ? T : never;
};

export interface CoordinatorSpec<C extends readonly Coordinator<unknown>[], T, F extends OnFailure> {
  /** Different from those of its siblings. */
  readonly name: string;
  /** Those that it leads. They run at the same time. */
  readonly children?: C;
  /**
   * What it does when its children have ended. A branch: plain data comes out, and it changes nothing outside. Runs again with each attempt.
   * @default gives what the children gave
   */
  readonly body?: (outputs: OutputsOf<C>) => Promise<T>;
  /** @default 'fail' */
  readonly onFailure?: F;
  /** With `retry`. After the last one it fails. @default 3 */
  readonly attemptsMax?: number;
  /** Children at the same time. @default all */
  readonly concurrencyMax?: number;
}

/** What the run did without, as it is carried. */
interface Lack {
  readonly system: string;
  readonly reason: string;
}

/** As a branch keeps it: plain data. */
type Output = { readonly value: unknown } | { readonly parts: readonly Output[] } | { readonly absent: Lack };

interface Ended {
  readonly output: Output;
  readonly lacks: readonly Lack[];
}

type AnySpec = CoordinatorSpec<readonly Coordinator<unknown>[], unknown, OnFailure>;

const ATTEMPTS_MAX = 3;

/** Made by `coordinator`, carried out by `coordinate`. @typeParam T what it gives */
export class Coordinator<T> {
  declare readonly '~output': T;
  readonly name: string;

  /** Use `coordinator`. */
  constructor(private readonly spec: AnySpec) {
    this.name = spec.name;
    refuseSenseless(spec);
  }

  /** @internal */
  async lead(ctx: CommandContext, above: string): Promise<Ended> {
    const path = above === '' ? this.name : `${above}/${this.name}`;
    const { onFailure = 'fail', attemptsMax = ATTEMPTS_MAX } = this.spec;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ctx.branch(this.name, () => this.attempt(ctx, path), { compensates: true });
      } catch (error) {
        if (onFailure === 'fail' || !isAbsorbable(error, ctx.signal)) throw error;
        const reason = messageOf(error);
        if (onFailure === 'degrade') return absentEnd({ system: `coordinator ${path}`, reason });
        // What nobody knows the outcome of is not done again under another key.
        if (attempt >= attemptsMax || error instanceof OutcomeUnknownError) throw error;
        ctx.log.warn(`Coordinator ${path} failed, and attempt ${attempt + 1} of ${attemptsMax} begins: ${reason}`);
      }
    }
  }

  private async attempt(ctx: CommandContext, path: string): Promise<Ended> {
    const { body } = this.spec;
    const ends = await this.leadChildren(ctx, path);
    const lacks = ends.flatMap((end) => end.lacks);
    const parts = ends.map(({ output }) => output);
    if (!body) return { output: { parts }, lacks };
    const value = await body(parts.map(revived));
    if (!(value instanceof Absent)) return { output: { value }, lacks };
    const absent = { system: value.system, reason: value.reason };
    return { output: { absent }, lacks: [...lacks, absent] };
  }

  /** After a failure no other child is begun, and those under way are waited for: their effects are undone with this one's. */
  private async leadChildren(ctx: CommandContext, path: string): Promise<readonly Ended[]> {
    const { children = [], concurrencyMax = children.length } = this.spec;
    const places = new Places(concurrencyMax);
    const ends: Ended[] = [];
    const failures: unknown[] = [];
    const lead = async (child: Coordinator<unknown>, index: number): Promise<void> => {
      await places.take();
      try {
        if (failures.length === 0) ends[index] = await child.lead(ctx, path);
      } catch (error) {
        failures.push(error);
      } finally {
        places.give();
      }
    };
    await Promise.all(children.map(lead));
    if (failures.length > 0) throw failures[0];
    return ends;
  }
}

/**
 * One node of a tree of coordinators. One that is to be tried again and then done without has a child that retries, and degrades itself.
 *
 * @throws UsageError `STRATEGY_INVALID` for children of one name, or numbers that mean nothing.
 */
export function coordinator<T = never, const C extends readonly Coordinator<unknown>[] = readonly [], const F extends OnFailure = 'fail'>(
  spec: CoordinatorSpec<C, T, F>,
): Coordinator<([T] extends [never] ? OutputsOf<C> : T) | (F extends 'degrade' ? Absent : never)> {
  return new Coordinator(spec as unknown as AnySpec); // The body takes what the children give, in their order.
}

/**
 * Carries a tree of coordinators out, and gives what its root does. What was degraded stands in `degraded` of the outcome.
 *
 * @param site what `coordinateSystemInteractions` is given, or `{ ctx }`
 * @throws the error of the root.
 */
export async function coordinate<T>(site: CoordinationSite, root: Coordinator<T>): Promise<T> {
  const { output, lacks } = await root.lead(site.ctx, '');
  for (const { system, reason } of lacks) site.degrade?.(new Absent(system, reason));
  return revived(output) as T; // What its body gave, or those below it.
}

function absentEnd(absent: Lack): Ended {
  return { output: { absent }, lacks: [absent] };
}

function revived(output: Output): unknown {
  if ('value' in output) return output.value;
  return 'parts' in output ? output.parts.map(revived) : new Absent(output.absent.system, output.absent.reason);
}

function refuseSenseless({ name, children = [], body, attemptsMax = 1, concurrencyMax = 1 }: AnySpec): void {
  const reason = [
    body === undefined && children.length === 0 && 'it has neither a body nor children',
    new Set(children.map((child) => child.name)).size < children.length && 'two of its children have the same name',
    isNoCount(attemptsMax) && `attemptsMax is ${attemptsMax}; give a whole number from 1`,
    isNoCount(concurrencyMax) && `concurrencyMax is ${concurrencyMax}; give a whole number from 1`,
  ].find((one) => one !== false);
  if (reason === undefined) return;
  throw new UsageError('STRATEGY_INVALID', `Coordinator ${name} cannot be carried out: ${reason}.`, { details: { name } });
}

function isNoCount(value: number): boolean {
  return !Number.isInteger(value) || value < 1;
}
