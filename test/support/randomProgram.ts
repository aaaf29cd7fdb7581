/** Random programs over steps, as data, and their interpretation: sequence, all, race, any, retry, loop, forgotten, a person's decision. */
import fc from 'fast-check';
import type { DurableRun } from '../../src/abstract/DurableRun.js';
import type { Call } from '../../src/kernel/Call.js';
import type { Code } from './engineHarness.js';

export type Node =
  | { readonly kind: 'step'; readonly operation: string; readonly input: number; readonly hops: number }
  | { readonly kind: 'chain'; readonly operation: string }
  /** Asks whether a person lets a gate pass. */
  | { readonly kind: 'decision'; readonly gate: string }
  | { readonly kind: 'seq' | 'all' | 'race' | 'any'; readonly parts: readonly Node[] }
  | { readonly kind: 'retry'; readonly part: Node }
  | { readonly kind: 'forgotten'; readonly part: Node }
  | { readonly kind: 'loop'; readonly times: number; readonly part: Node };

const operation = fc.constantFrom('reserve', 'charge');

export const program: fc.Arbitrary<Node> = fc.letrec<{ root: Node; node: Node }>((tie) => {
  const parts = fc.array(tie('node'), { minLength: 2, maxLength: 4 });
  return {
    root: fc.record({ kind: fc.constantFrom('seq' as const, 'all' as const, 'race' as const, 'any' as const), parts }),
    node: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.record({
        kind: fc.constant('step' as const),
        operation,
        input: fc.integer({ min: 0, max: 1 }),
        hops: fc.integer({ min: 0, max: 3 }),
      }),
      fc.record({ kind: fc.constant('chain' as const), operation }),
      fc.record({ kind: fc.constant('decision' as const), gate: fc.constantFrom('stock', 'price') }),
      fc.record({ kind: fc.constantFrom('seq' as const, 'all' as const, 'race' as const, 'any' as const), parts }),
      fc.record({ kind: fc.constant('retry' as const), part: tie('node') }),
      fc.record({ kind: fc.constant('forgotten' as const), part: tie('node') }),
      fc.record({ kind: fc.constant('loop' as const), times: fc.integer({ min: 1, max: 3 }), part: tie('node') }),
    ),
  };
}).root;

/** What the outside does with a call: answers after some turns of the event loop, or refuses. By the call's key alone, so equal calls differ. */
export type World = (call: Call) => Promise<number>;

export interface Observed {
  /** Every outcome that reached the code, in order: where it was asked for, and what it was. */
  readonly trace: string[];
}

/** The code of a program; outcomes are noted at the place of the ask. */
export function codeOf(root: Node, world: World, { trace }: Observed): Code {
  return async (run) => {
    let last = 0;
    const step = async (place: string, name: string, input: number, hops: number): Promise<number> => {
      for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
      try {
        const value = await run.step({ branch: 'execution', name, input, effect: 'idempotent', body: (_input, call) => world(call) });
        trace.push(`${place}=${value}`);
        last = value;
        return value;
      } catch (error) {
        trace.push(`${place}!${(error as Error).message}`);
        throw error;
      }
    };
    const evaluate = async (node: Node, place: string): Promise<unknown> => {
      switch (node.kind) {
        case 'step':
          return step(place, node.operation, node.input, node.hops);
        case 'chain':
          return step(place, node.operation, last % 7, 0);
        case 'decision': {
          const override = await run.override(node.gate, 0);
          trace.push(`${place}=${override?.reason ?? 'stands'}`);
          return override?.by;
        }
        case 'retry':
          return evaluate(node.part, `${place}.try`).catch(() => evaluate(node.part, `${place}.again`));
        case 'forgotten':
          void evaluate(node.part, `${place}.lost`).catch(() => undefined);
          return 'forgotten';
        case 'loop': {
          const results: unknown[] = [];
          for (let turn = 0; turn < node.times; turn += 1) results.push(await evaluate(node.part, `${place}.${turn}`));
          return results;
        }
        case 'seq': {
          const results: unknown[] = [];
          for (const [index, part] of node.parts.entries()) results.push(await evaluate(part, `${place}.${index}`));
          return results;
        }
        default:
          return combine(
            node.kind,
            node.parts.map((part, index) => evaluate(part, `${place}.${index}`)),
          );
      }
    };
    return { result: await evaluate(root, 'root').catch((error: unknown) => `failed: ${String(error)}`), chance: chanceOf(run) };
  };
}

function combine(kind: 'all' | 'race' | 'any', parts: readonly Promise<unknown>[]): Promise<unknown> {
  for (const part of parts) part.catch(() => undefined);
  if (kind === 'all') return Promise.all(parts);
  return kind === 'race' ? Promise.race(parts) : Promise.any(parts);
}

function chanceOf(run: DurableRun): readonly [string, number] {
  return [run.uuid(), run.random()];
}
