/** Interactions as data: order, inputs, what is left out, what is refused, and that a resumed run repeats nothing. */
import { join } from 'node:path';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString } from 'class-validator';
import fc from 'fast-check';
import {
  Absent,
  type Call,
  centralized,
  command,
  from,
  type GraphResults,
  type InteractionGraph,
  type InteractionNode,
  type Outcome,
  operation,
  System,
  scope,
} from '../../../../src/index.js';
import { GraphRun } from '../../../../src/orchestration/coordination/GraphRun.js';
import { shapeOf } from '../../../../src/orchestration/coordination/graphShape.js';
import { NamedOperations } from '../../../../src/orchestration/coordination/NamedOperations.js';
import { type Aggregation, GraphCommand } from '../../../../src/orchestration/GraphCommand.js';
import { NoParams, open } from '../../../support/application.js';
import { cutJournal, journalFolder } from '../../../support/engineHarness.js';
import { all, settle, until } from '../../../support/longRuns.js';

class Done {
  n!: number;
  lines!: { id: string }[];
}
class Job {
  @IsString()
  node!: string;

  @IsInt({ each: true })
  @IsOptional()
  of?: number[];

  @IsOptional()
  any?: unknown;

  @Type(() => Done)
  @IsOptional()
  whole?: Done;
}

/** Gives one more than the greatest of what it is given, when a test lets it. */
class Worker extends System {
  /** Nodes that were called, in that order. */
  readonly calls: string[] = [];
  readonly jobs = new Map<string, Job>();
  work: (node: string, call: Call) => Promise<void> = async () => undefined;

  @operation({ input: Job, output: Done })
  async run(job: Job, call: Call): Promise<Done> {
    this.calls.push(job.node);
    this.jobs.set(job.node, job);
    await this.work(job.node, call);
    return { n: 1 + Math.max(0, ...(job.of ?? [])), lines: [{ id: `${job.node}-0` }] };
  }

  @operation({ input: Job, output: Done, undo: 'drop' })
  keep(job: Job, call: Call): Promise<Done> {
    return this.run(job, call);
  }

  @operation({ input: Done })
  async drop({ lines }: Done, _call: Call): Promise<void> {
    this.calls.push(`drop ${lines[0]?.id}`);
  }

  @operation({ output: Done })
  async rest(_call: Call): Promise<Done> {
    this.calls.push('rest');
    return { n: 0, lines: [] };
  }
}

let needed: Worker;
let extra: Worker;
beforeEach(() => {
  needed = new Worker();
  extra = new Worker();
});

type Aggregate = (done: GraphResults) => unknown;

interface Settings {
  readonly aggregate?: Aggregate;
  readonly concurrencyMax?: number;
  readonly version?: string;
}

const lastOf: Aggregate = (done) => done.get<Done>('last').n;

function commandOf(interactions: InteractionGraph, { aggregate = lastOf, concurrencyMax = 64, version = '1' }: Settings = {}) {
  @command({ name: 'graph', params: NoParams, version })
  class Written extends GraphCommand<NoParams, unknown> {
    defineOrchestrationScope() {
      return scope({ systems: { needed, group: { eu: needed } }, optional: { extra }, interactions: interactions as never });
    }
    aggregateResults({ done }: Aggregation<this>): unknown {
      return aggregate(done);
    }
    override customizeCoordinationStrategy() {
      return centralized({ concurrencyMax });
    }
  }
  return Written;
}

async function outcomeOf(interactions: InteractionGraph, settings?: Settings): Promise<Outcome<unknown>> {
  const Command = commandOf(interactions, settings);
  await using runner = await open([Command]);
  return await (await runner.start(Command, {})).outcome();
}

/** A node that takes the numbers of others. */
function node(name: string, ...before: readonly string[]): InteractionNode {
  return { call: 'needed.run', input: { node: name, of: before.map((one) => from(one, 'n')) } };
}

describe('the input of a node', () => {
  it('comes from the outputs that its mapping names, also inside lists and objects', async () => {
    const outcome = await outcomeOf({
      first: node('first'),
      last: {
        call: 'needed.run',
        input: { node: 'last', of: [from('first', 'n'), 41], any: { deep: [{ id: from('first', 'lines.0.id') }] }, whole: from('first') },
      },
    });
    expect(outcome).toMatchObject({ status: 'completed', result: 42 });
    expect(needed.jobs.get('last')).toMatchObject({ any: { deep: [{ id: 'first-0' }] }, whole: { n: 1, lines: [{ id: 'first-0' }] } });
  });

  it('is made by a function of the nodes that it comes after', async () => {
    const last = {
      call: 'needed.run',
      after: ['first'],
      input: (done: GraphResults) => ({ node: 'last', of: [done.get<Done>('first').n] }),
    };
    expect(await outcomeOf({ last, first: node('first') })).toMatchObject({ result: 2 });
  });

  it('is left out for an operation that takes none, and systems of a group are called by their name', async () => {
    const outcome = await outcomeOf({
      rest: { call: 'needed.rest' },
      last: { call: 'group.eu.run', input: { node: 'last', of: [from('rest', 'n')] } },
    });
    expect(outcome).toMatchObject({ result: 1 });
    expect(needed.calls).toEqual(['rest', 'last']);
  });

  it.each([
    ['a node that it does not come after', 'first', '"last" does not name it in `after`'],
    ['a node that is not there', 'frist', 'it is no node of the graph'],
  ])('cannot be made of %s', async (_what, asked, why) => {
    const last = { call: 'needed.run', input: (done: GraphResults) => ({ node: 'last', of: [done.get<Done>(asked).n] }) };
    expect(await outcomeOf({ first: node('first'), last })).toMatchObject({
      status: 'failed',
      error: { code: 'GRAPH_INVALID', message: expect.stringContaining(why) },
    });
    expect(needed.calls).not.toContain('last');
  });

  it('cannot come from where the output has nothing', async () => {
    const last = { call: 'needed.run', input: { node: 'last', any: from('first', 'lines.1.id') } };
    expect(await outcomeOf({ first: node('first'), last })).toMatchObject({
      error: { code: 'GRAPH_INVALID', message: expect.stringContaining('The input of "last" comes from "first" at "lines.1.id"') },
    });
    expect(needed.calls).toEqual(['first']);
  });
});

describe('a node whose optional system is absent', () => {
  const graph: InteractionGraph = {
    first: node('first'),
    quote: { call: 'extra.run', input: { node: 'quote', of: [from('first', 'n')] } },
    discount: { call: 'needed.run', input: { node: 'discount', of: [from('quote', 'n')] } },
    coupon: {
      call: 'needed.run',
      after: ['discount'],
      input: (done: GraphResults) => ({ node: 'coupon', of: [done.get<Done>('discount').n] }),
    },
    either: {
      call: 'needed.run',
      after: ['quote'],
      input: (done: GraphResults) => ({ node: 'either', of: [done.absent('quote') ? 6 : done.get<Done>('quote').n] }),
    },
    last: { ...node('last', 'first'), after: ['coupon'] },
  };
  const tell: Aggregate = (done) =>
    ['quote', 'discount', 'coupon', 'either', 'last'].map((name) => {
      const absent = done.absent(name);
      return absent ? { system: absent.system, reason: absent.reason } : done.get<Done>(name).n;
    });

  it('leaves out those whose input comes from it, and no others', async () => {
    extra.work = () => Promise.reject(new Error('down'));
    const outcome = await outcomeOf(graph, { aggregate: tell });
    const reason = 'not called, as its input comes from extra, which is absent: down';
    expect(outcome).toMatchObject({
      status: 'completed',
      result: [
        { system: 'extra', reason: 'down' },
        { system: 'discount (needed.run)', reason },
        { system: 'coupon (needed.run)', reason },
        7,
        2,
      ],
    });
    expect(needed.calls.toSorted()).toEqual(['either', 'first', 'last']);
  });

  it('is told of, and each that is left out for it', async () => {
    const told: string[] = [];
    const call = async (name: string) => (name === 'quote' ? new Absent('extra', 'down') : { n: 1 });
    const done = await new GraphRun(shapeOf(graph), { call, degrade: ({ system }) => void told.push(system) }).run();
    expect(told).toEqual(['discount (needed.run)', 'coupon (needed.run)']);
    expect(done.absent('coupon')?.system).toBe('coupon (needed.run)');
  });

  it('changes nothing when it is there', async () => {
    expect(await outcomeOf(graph, { aggregate: tell })).toMatchObject({ result: [2, 3, 4, 3, 2] });
  });

  it('has no output that the result could be made of without asking', async () => {
    extra.work = () => Promise.reject(new Error('down'));
    expect(await outcomeOf(graph, { aggregate: (done) => done.get<Done>('coupon').n })).toMatchObject({
      error: { code: 'GRAPH_INVALID', message: expect.stringContaining('Ask `done.absent("coupon")` first') },
    });
  });
});

describe('a node that fails', () => {
  it('ends the run with its error: what needs it is not called, what is under way is waited for, what was done is undone', async () => {
    let letGo = (): void => undefined;
    needed.work = async (name) => {
      if (name === 'bad') throw new Error('refused');
      if (name === 'slow') await new Promise<void>((resolve) => (letGo = resolve));
    };
    const Command = commandOf({
      kept: { call: 'needed.keep', input: { node: 'kept' } },
      slow: { call: 'needed.keep', input: { node: 'slow' } },
      bad: { ...node('bad', 'kept'), after: ['kept'] },
      behind: node('behind', 'bad'),
      last: { call: 'needed.run', after: ['slow'], input: () => ({ node: String(needed.calls.push('last made')) }) },
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await until(() => needed.calls.includes('bad'));
    await settle();
    expect(needed.calls).toEqual(['kept', 'slow', 'bad']);
    letGo();
    expect(await run.outcome()).toMatchObject({ status: 'compensated', error: { message: 'refused' } });
    expect(needed.calls).toEqual(['kept', 'slow', 'bad', 'drop slow-0', 'drop kept-0']); // No input of `last` was made.
  });

  it('as an input function that throws, or a result that cannot be made, does', async () => {
    const broken = (): object => {
      throw new TypeError('broken');
    };
    const thrown = { status: 'failed', error: { code: 'TypeError', message: 'broken' } };
    expect(await outcomeOf({ first: node('first'), last: { call: 'needed.run', after: ['first'], input: broken } })).toMatchObject(thrown);
    expect(await outcomeOf({ last: node('last') }, { aggregate: broken })).toMatchObject(thrown);
  });
});

describe('a graph that cannot be carried out', () => {
  it.each<[string, InteractionGraph]>([
    ['an unknown node in a mapping', { last: node('last', 'frist') }],
    ['an unknown node in `after`', { last: { ...node('last'), after: ['frist'] } }],
    ['a circle', { a: node('a'), b: node('b', 'a', 'c'), c: node('c', 'b'), last: node('last', 'c') }],
    ['an unknown operation', { a: node('a'), last: { call: 'needed.rnu' } }],
    ['an unknown system', { a: node('a'), last: { call: 'nobody.run' } }],
    ['what is no operation', { a: node('a'), last: { call: 'needed.run.call' } }],
  ])('%s is refused before anything is called', async (_what, graph) => {
    expect(await outcomeOf(graph)).toMatchObject({ status: 'failed', error: { code: 'PLAN_INFEASIBLE' } });
    expect(needed.calls).toEqual([]);
  });

  it('names the circle that is in it, not what only leads to it, and who is not there', () => {
    const graph = { a: node('a', 'b'), b: node('b', 'c'), c: node('c', 'b', 'd'), d: { ...node('d'), after: ['e'] } };
    const { defects, order } = shapeOf(graph);
    expect(defects).toEqual([
      { node: 'd', reason: '"d" waits for "e", which is no node of the graph' },
      { node: 'b', reason: 'nodes wait for one another: b after c after b', path: ['b', 'c', 'b'] },
    ]);
    expect(order.map(({ name }) => name)).toEqual(['d']);
  });

  it('is not begun either where no plan was made of it', async () => {
    const command = new (commandOf({}))();
    const interactions = { graph: { a: node('a', 'b'), b: node('b', 'a') }, systems: {} } as never;
    await expect(command.coordinateSystemInteractions(interactions)).rejects.toMatchObject({
      code: 'GRAPH_INVALID',
      message: 'The interactions of Written cannot be ordered: nodes wait for one another: a after b after a.',
    });
    expect(() => new NamedOperations({ needed: {} }).of('needed.rnu', 'a')).toThrow('"a" calls needed.rnu, which is no operation');
  });

  it('is none at all', async () => {
    expect(await outcomeOf(undefined as never)).toMatchObject({
      error: { code: 'GRAPH_INVALID', message: 'The scope of Written has no `interactions`. Give them, or extend another base.' },
    });
  });
});

describe('any graph', () => {
  /** Nodes by number, each with the numbers of those before it. */
  const graphs = fc
    .array(fc.tuple(fc.array(fc.nat()), fc.constantFrom('mapping', 'function', 'after')), { minLength: 1, maxLength: 14 })
    .map((nodes) =>
      nodes.map(([picks, how], index) => ({ how, before: index === 0 ? [] : [...new Set(picks.slice(0, 3).map((pick) => pick % index))] })),
    );

  function written(nodes: readonly { how: string; before: readonly number[] }[]): InteractionGraph {
    const named = nodes.map(({ how, before }, index): readonly [string, InteractionNode] => {
      const name = `n${index}`;
      const names = before.map((one) => `n${one}`);
      if (how === 'mapping') return [name, node(name, ...names)];
      const input = (done: GraphResults) => ({ node: name, of: names.map((one) => done.get<Done>(one).n) });
      return [name, { call: 'needed.run', after: names, input: how === 'function' ? input : { node: name } }];
    });
    return Object.fromEntries(named.toReversed());
  }

  it('is called in its order, with as much at the same time as it and the limit allow, and gives each node what it asks for', async () => {
    await fc.assert(
      fc.asyncProperty(
        graphs,
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(), { minLength: 14, maxLength: 14 }),
        async (nodes, limit, picks) => {
          needed = new Worker();
          const underWay = new Map<string, () => void>();
          needed.work = (name) => new Promise((resolve) => underWay.set(name, resolve));
          const aggregate: Aggregate = (done) => nodes.map((_node, index) => done.get<Done>(`n${index}`).n);
          const Command = commandOf(written(nodes), { aggregate, concurrencyMax: limit });
          await using runner = await open([Command]);
          const run = await runner.start(Command, {});
          const ended = new Set<number>();
          while (ended.size < nodes.length) {
            const ready = nodes.flatMap(({ before }, index) =>
              !ended.has(index) && before.every((one) => ended.has(one)) ? [`n${index}`] : [],
            );
            await until(() => underWay.size >= Math.min(limit, ready.length));
            await settle(2);
            expect(underWay.size).toBe(Math.min(limit, ready.length));
            expect(ready).toEqual(expect.arrayContaining([...underWay.keys()]));
            const [name = '', finish] = [...underWay][(picks[ended.size] ?? 0) % underWay.size] ?? [];
            underWay.delete(name);
            ended.add(Number(name.slice(1)));
            finish?.();
          }
          const levels: number[] = [];
          for (const { how, before } of nodes)
            levels.push(1 + (how === 'after' ? 0 : Math.max(0, ...before.map((one) => levels[one] ?? 0))));
          expect(await run.result()).toEqual(levels);
          expect(needed.calls.length).toBe(nodes.length);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('of 20,000 nodes and 200,000 edges is ordered at once', () => {
    const graph: Record<string, InteractionNode> = {};
    for (let index = 0; index < 20_000; index += 1) {
      const before = Array.from({ length: Math.min(index, 10) }, (_one, n) => `n${(index * 7919 + n * 104_729) % index}`);
      graph[`n${index}`] = node(`n${index}`, ...before);
    }
    const began = performance.now();
    const { order, defects } = shapeOf(graph);
    expect([order.length, defects]).toEqual([20_000, []]);
    expect(performance.now() - began).toBeLessThan(4000); // One that is quadratic takes minutes.
  });

  it('tells observers how many interactions it has', async () => {
    const Command = commandOf({ a: node('a'), b: node('b', 'a'), last: node('last', 'b') });
    await using runner = await open([Command]);
    const events = await all((await runner.start(Command, {})).progress());
    expect(events).toContainEqual(expect.objectContaining({ type: 'steps-expected', phase: 'execution', total: 3 }));
  });

  it('with a long row of absent nodes ends', async () => {
    extra.work = () => Promise.reject(new Error('down'));
    const row = Array.from({ length: 5000 }, (_one, index): [string, InteractionNode] => [
      `n${index}`,
      node(`n${index}`, index === 0 ? 'quote' : `n${index - 1}`),
    ]);
    const graph = { quote: { call: 'extra.run', input: { node: 'quote' } }, ...Object.fromEntries(row) };
    const outcome = await outcomeOf(graph, { aggregate: (done) => done.absent('n4999')?.reason });
    expect(outcome).toMatchObject({ result: 'not called, as its input comes from extra, which is absent: down' });
  });
});

describe('a graph command that is interrupted', () => {
  const folder = journalFolder();
  const graph: InteractionGraph = {
    a: node('a'),
    b: node('b', 'a'),
    c: { call: 'needed.keep', input: { node: 'c', of: [from('a', 'n')] } },
    d: { call: 'extra.run', input: { node: 'd', of: [from('b', 'n'), from('c', 'n')] } },
    e: node('e', 'd'),
    last: node('last', 'b', 'c'),
  };
  const aggregate: Aggregate = (done) => [done.get<Done>('last').n, done.absent('e') === undefined];

  it.each(['there', 'absent'])('goes on from wherever it was cut off, and repeats nothing, with the optional system %s', async (how) => {
    if (how === 'absent') extra.work = () => Promise.reject(new Error('down'));
    const Command = commandOf(graph, { aggregate });
    const file = join(folder, `whole-${how}.db`);
    const whole = await open([Command], { engine: { file } });
    const result = await whole.execute(Command, {}, { key: 'one' });
    const [{ id } = { id: '' }] = await whole.runs();
    const { records } = await whole.history(id);
    await whole[Symbol.asyncDispose]();
    expect(result).toEqual([3, how === 'there']);
    for (let cut = 1; cut < records.length; cut += 1) {
      const copy = join(folder, `${how}-${cut}.db`);
      cutJournal(file, copy, cut);
      for (const worker of [needed, extra]) worker.calls.length = 0;
      await using runner = await open([Command], { engine: { file: copy } });
      expect(await runner.execute(Command, {}, { key: 'one' })).toEqual(result);
      const kept = new Set(records.filter(({ seq, kind }) => seq <= cut && kind === 'step-ended').map(({ step }) => nodeOf(step)));
      const due = Object.keys(graph).filter((name) => !kept.has(name) && !(name === 'e' && how === 'absent'));
      expect([...needed.calls, ...extra.calls].toSorted()).toEqual(due.toSorted());
    }
  });

  /** The key of a step stands behind the digest of its input. */
  function nodeOf(step: string | null): string {
    return /%3A([^#]+)#/.exec(step ?? '')?.[1] ?? '';
  }

  it('ends what was under way when its engine closed, and calls again only that', async () => {
    const underWay = new Set<string>();
    needed.work = async (name, { signal }) => {
      if (name !== 'b' && name !== 'c') return;
      underWay.add(name);
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const Command = commandOf(graph, { aggregate });
    const file = join(folder, 'closed.db');
    const first = await open([Command], { engine: { file } });
    await first.start(Command, {}, { key: 'one' });
    await until(() => underWay.size === 2);
    await first[Symbol.asyncDispose]();
    expect(needed.calls).toEqual(['a', 'b', 'c']);
    needed.work = async () => undefined;
    await using second = await open([Command], { engine: { file } });
    expect(await second.execute(Command, {}, { key: 'one' })).toEqual([3, true]);
    expect(needed.calls.toSorted()).toEqual(['a', 'b', 'b', 'c', 'c', 'e', 'last']);
  });

  it('gives no node the outcome of another with an equal call, when the graph was changed meanwhile', async () => {
    const same = { call: 'needed.run', input: { node: 'same' } };
    const file = join(folder, 'edited.db');
    needed.work = async () => {
      if (needed.calls.length > 1) await new Promise(() => undefined);
    };
    const before = commandOf({ first: same, last: node('last', 'first') });
    const runner = await open([before], { engine: { file } });
    await runner.start(before, {}, { key: 'one' });
    await until(() => needed.calls.length === 2);
    await runner[Symbol.asyncDispose]();
    needed.work = async () => undefined;
    needed.calls.length = 0;
    const after = commandOf({ another: same, first: same, last: node('last', 'first', 'another') }, { version: '2' });
    await using second = await open([after], { engine: { file } });
    expect(await second.execute(after, {}, { key: 'one' })).toBe(2);
    expect(needed.calls.toSorted()).toEqual(['last', 'same']);
  });
});
