/** What must not compile of graphs, joins, barriers and coordinators. Each line below an expectation is an error of the compiler, or this file is. */
import { type Absent, type Call, type CommandContext, from, type Interactions, operation, System, scope } from 'sixfold';
import { barrier } from '../../src/orchestration/coordination/Barrier.js';
import { coordinate, coordinator } from '../../src/orchestration/coordination/Coordinator.js';
import { joinParts } from '../../src/orchestration/coordination/join.js';
import { type Aggregation, GraphCommand } from '../../src/orchestration/GraphCommand.js';

class Line {
  sku!: string;
}
class Reservation {
  id!: string;
}

class Inventory extends System {
  @operation({ input: Line, output: Reservation })
  async reserve(line: Line, _call: Call): Promise<Reservation> {
    return { id: line.sku };
  }

  @operation({})
  async rest(_call: Call): Promise<void> {}

  helper(): void {}
}

export class Reserve extends GraphCommand<Line, Reservation> {
  private readonly inventory = new Inventory();

  defineOrchestrationScope() {
    return scope({
      systems: { inventory: this.inventory },
      interactions: {
        rest: { call: 'inventory.rest' },
        first: { call: 'inventory.reserve', input: { sku: 'a' }, after: ['rest'] },
        second: { call: 'inventory.reserve', input: (done) => ({ sku: done.get<Reservation>('first').id }), after: ['first'] },
        last: { call: 'inventory.reserve', input: { sku: from('second', 'id') } },
      },
    });
  }

  aggregateResults({ done, params, ctx }: Aggregation<this>): Reservation {
    // @ts-expect-error the params have no such field
    void params.amount;
    ctx.log.info(params.sku);
    const absent: Absent | undefined = done.absent('first');
    void absent;
    // @ts-expect-error what a node gives is unknown until the author says
    void done.get('last').id;
    return done.get<Reservation>('last');
  }
}

export class Mistyped extends GraphCommand<Line, Reservation> {
  private readonly inventory = new Inventory();

  defineOrchestrationScope() {
    return scope({
      systems: { inventory: this.inventory },
      interactions: {
        // @ts-expect-error no such operation
        first: { call: 'inventory.resreve' },
        // @ts-expect-error a method that is no operation
        second: { call: 'inventory.helper' },
        // @ts-expect-error no such system
        third: { call: 'inventroy.reserve' },
        // @ts-expect-error the nodes before are a list
        fourth: { call: 'inventory.rest', after: 'first' },
      },
    });
  }

  // @ts-expect-error the result is that of the command
  aggregateResults(): Line {
    return { sku: 'a' };
  }
}

// @ts-expect-error a graph command says what its result is made of
export class Half extends GraphCommand<Line, Reservation> {
  defineOrchestrationScope() {
    return scope({ systems: {} });
  }
}

export async function points(ctx: CommandContext, words: Promise<string>, count: Promise<number>): Promise<void> {
  const { values, came } = await joinParts({ words, count }, { ctx });
  const word: string | undefined = values.words;
  const first: string | undefined = came[0];
  void [word, first];
  // @ts-expect-error it may not have come
  const sure: number = values.count;
  void sure;
  // @ts-expect-error no such part
  void values.other;
  const list = await joinParts([words, count], { ctx, need: 'any' });
  const second: number | undefined = list.values[1];
  void second;
  // @ts-expect-error how many is all, any or a number
  await joinParts([words], { ctx, need: 'most' });
  // @ts-expect-error a join is part of a run
  await joinParts([words], { need: 1 });
  // @ts-expect-error the parties of a barrier have names
  await barrier({ ctx, parties: 3 }).arrive('a');
  // @ts-expect-error who arrives says who it is
  await barrier({ ctx, parties: ['a'] }).arrive();
}

export async function tree(site: Interactions<Reserve>): Promise<void> {
  const part = coordinator({ name: 'part', body: async () => 7 });
  const lacking = coordinator({ name: 'lacking', onFailure: 'degrade', body: async () => 'text' });
  const sum: number = await coordinate(site, coordinator({ name: 'sum', children: [part], body: async ([n]) => n + 1 }));
  void sum;
  const [first, second] = await coordinate(site, coordinator({ name: 'both', children: [part, lacking] }));
  void first.toFixed();
  // @ts-expect-error what is degraded may be absent
  void second.length;
  // @ts-expect-error the child gives a number
  coordinator({ name: 'text', children: [part], body: async ([n]: readonly [string]) => n });
  // @ts-expect-error no such way to go on
  coordinator({ name: 'odd', onFailure: 'ignore', body: async () => 1 });
}
