/** Random programs over what a run can ask of its engine, as data. */
import fc from 'fast-check';
import type { Effect } from '../../src/kernel/Call.js';

interface Sited {
  /** Names the place in the text of the program, whatever an edit does around it. */
  readonly site: number;
}

export interface StepNode extends Sited {
  readonly kind: 'step';
  readonly operation: string;
  readonly input: number;
  /** Microtasks before the call. */
  readonly hops: number;
  readonly effect: Effect;
  /** Of its retry policy; 1 is without. */
  readonly attempts: number;
  readonly timeoutMs: number | undefined;
  readonly undo: boolean;
}

export type Node =
  | StepNode
  /** A step whose input is what was told last. */
  | ({ readonly kind: 'chain'; readonly operation: string } & Sited)
  | ({ readonly kind: 'sleep'; readonly ms: number } & Sited)
  | ({ readonly kind: 'signal'; readonly name: string; readonly timeoutMs: number | undefined } & Sited)
  /** Asks whether a person lets a gate pass. */
  | ({ readonly kind: 'decision'; readonly gate: string; readonly withinMs: number } & Sited)
  | ({ readonly kind: 'seq' | 'all' | 'race' | 'any'; readonly parts: readonly Node[] } & Sited)
  | ({ readonly kind: 'loop'; readonly times: number; readonly part: Node } & Sited)
  | ({ readonly kind: 'branch'; readonly name: string; readonly part: Node } & Sited)
  /** A run of its own that is waited for. */
  | ({ readonly kind: 'child' | 'retry' | 'forgotten'; readonly part: Node } & Sited);

export interface Program {
  readonly root: Node;
  /** Undoes at the end what it did. */
  readonly undoes: boolean;
}

export interface ProgramOptions {
  /** Parts of steps alone, for edits. */
  readonly stepsOnly?: boolean;
  /** So many names, of which each call has one by chance. @default 2, so that most programs have equal calls */
  readonly operations?: number;
  readonly depthMax?: number;
}

const YEAR_MS = 365 * 24 * 3600 * 1000;
const site = fc.constant(0);
const NAMES = ['reserve', 'charge', 'pack', 'ship', 'bill', 'mail', 'check', 'count', 'label', 'weigh', 'print', 'scan'] as const;
const group = fc.constantFrom('seq' as const, 'all' as const, 'race' as const, 'any' as const);

/** Arbitrary names of operations. */
function operationOf(count: number): fc.Arbitrary<string> {
  return fc.constantFrom(...NAMES.slice(0, count));
}

/** A step without policy, limit or undo. */
export function plainStep(operations = 2) {
  return fc.record({
    site,
    kind: fc.constant('step' as const),
    operation: operationOf(operations),
    input: fc.integer({ min: 0, max: 1 }),
    hops: fc.integer({ min: 0, max: 3 }),
    effect: fc.constant<Effect>('idempotent'),
    attempts: fc.constant(1),
    timeoutMs: fc.constant(undefined),
    undo: fc.constant(false),
  });
}

/** What an operation is does not depend on who asks for it. */
const OPERATIONS = [
  { operation: 'reserve', effect: 'idempotent', undo: false },
  { operation: 'book', effect: 'idempotent', undo: true },
  { operation: 'pay', effect: 'once', undo: false },
  { operation: 'rent', effect: 'once', undo: true },
  { operation: 'check', effect: 'read', undo: false },
] as const;

const anyStep = fc
  .record({
    what: fc.constantFrom(...OPERATIONS),
    input: fc.integer({ min: 0, max: 1 }),
    hops: fc.integer({ min: 0, max: 2 }),
    attempts: fc.constantFrom(1, 2, 3),
    timeoutMs: fc.constantFrom(undefined, 40),
  })
  .map(({ what, ...more }) => ({ site: 0, kind: 'step' as const, ...what, ...more }));

const signal = fc.record({
  site,
  kind: fc.constant('signal' as const),
  name: fc.constantFrom('go', 'stop'),
  timeoutMs: fc.constantFrom(undefined, 10, 5000),
});

/** Unlabelled; see `programs`. */
function nodes({ stepsOnly = false, operations = 2, depthMax = 3 }: ProgramOptions): fc.Arbitrary<Node> {
  return fc.letrec<{ root: Node; node: Node }>((tie) => {
    const parts = fc.array(tie('node'), { minLength: 2, maxLength: 4 });
    const around = <K extends string>(kind: K) => fc.record({ site, kind: fc.constant(kind), part: tie('node') });
    const grouped = fc.record({ site, kind: group, parts });
    const looped = fc.record({ site, kind: fc.constant('loop' as const), times: fc.integer({ min: 1, max: 3 }), part: tie('node') });
    const common = [
      { weight: 4, arbitrary: plainStep(operations) },
      { weight: 1, arbitrary: fc.record({ site, kind: fc.constant('chain' as const), operation: operationOf(operations) }) },
      { weight: 2, arbitrary: grouped },
      { weight: 1, arbitrary: around('retry') },
      { weight: 1, arbitrary: looped },
    ];
    const branchOf = (part: fc.Arbitrary<Node>) =>
      fc.record({ site, kind: fc.constant('branch' as const), name: fc.constantFrom('left', 'right'), part });
    const waiting = [
      { weight: 3, arbitrary: anyStep },
      { weight: 1, arbitrary: fc.record({ site, kind: fc.constant('sleep' as const), ms: fc.constantFrom(0, 5, 30, 2000, YEAR_MS) }) },
      { weight: 1, arbitrary: signal },
      {
        weight: 1,
        arbitrary: fc.record({
          site,
          kind: fc.constant('decision' as const),
          gate: fc.constantFrom('stock', 'price'),
          withinMs: fc.constantFrom(0, 50),
        }),
      },
      { weight: 1, arbitrary: around('forgotten') },
      { weight: 1, arbitrary: around('child') },
      { weight: 1, arbitrary: branchOf(tie('node')) },
    ];
    const pair = fc.record({ site, kind: fc.constant('seq' as const), parts: fc.tuple(plainStep(operations), plainStep(operations)) });
    // What is rare by chance: a branch that takes a signal, and one that goes on behind its end.
    const particular = [
      { weight: 1, arbitrary: branchOf(signal) },
      { weight: 1, arbitrary: branchOf(fc.record({ site, kind: fc.constant('forgotten' as const), part: pair })) },
    ];
    return {
      root: grouped,
      node: fc.oneof({ maxDepth: depthMax, withCrossShrink: true }, ...common, ...(stepsOnly ? [] : [...waiting, ...particular])),
    };
  }).root;
}

/** Programs with every part in a place of its own. */
export function programs(options: ProgramOptions = {}): fc.Arbitrary<Program> {
  const program = fc.record({ root: nodes(options).map(labelled), undoes: options.stepsOnly ? fc.constant(false) : fc.boolean() });
  // What is undone while a branch is under way may be settled in another order once that branch is recorded.
  return program.map(({ root, undoes }) => ({ root, undoes: undoes && !hasBranch(root) }));
}

/** Numbers the sites, in the order of the text. */
function labelled(root: Node): Node {
  let last = 0;
  const label = (node: Node): Node => {
    last += 1;
    const own = last;
    if ('parts' in node) return { ...node, site: own, parts: node.parts.map(label) };
    if ('part' in node) return { ...node, site: own, part: label(node.part) };
    return { ...node, site: own };
  };
  return label(root);
}

/** The part with that number. */
export function partAt(node: Node, wanted: number): Node | undefined {
  if (node.site === wanted) return node;
  for (const part of partsOf(node)) {
    const found = partAt(part, wanted);
    if (found) return found;
  }
  return undefined;
}

export function partsOf(node: Node): readonly Node[] {
  if ('parts' in node) return node.parts;
  return 'part' in node ? [node.part] : [];
}

function hasBranch(node: Node): boolean {
  return node.kind === 'branch' || partsOf(node).some(hasBranch);
}

/** Nothing in it waits for signals. */
export function isUnsignalled(node: Node): boolean {
  return node.kind !== 'signal' && partsOf(node).every(isUnsignalled);
}

/** Nothing in it depends on which of two things happens first, on how long anything takes, or on whether it was asked for twice. */
export function isSequential(node: Node): boolean {
  if (node.kind === 'all' || node.kind === 'race' || node.kind === 'any' || node.kind === 'forgotten' || node.kind === 'decision')
    return false;
  if (node.kind === 'signal' && node.timeoutMs !== undefined) return false;
  if (node.kind === 'step' && (node.effect === 'once' || node.undo)) return false; // A crash costs it an attempt, or certainty.
  return partsOf(node).every(isSequential);
}
