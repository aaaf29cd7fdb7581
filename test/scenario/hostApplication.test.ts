/** A host application of its own: its container, its systems, its command; only the public door. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArrayNotEmpty, IsArray, IsInt, IsString, Min } from 'class-validator';
import { Container, ContainerModule, inject } from 'inversify';
import {
  type Call,
  CommandFailure,
  CommandRunner,
  command,
  type Default,
  type EventContext,
  type EventHandlingResults,
  embeddedEngine,
  type Interactions,
  OrchestrationCommand,
  operation,
  type StateContext,
  type StateManagementResults,
  type StateObservation,
  System,
  scope,
  sixfoldModule,
  startSixfold,
} from '../../src/index.js';

class ReserveStock {
  sku!: string;
  quantity!: number;
}

class Reservation {
  id!: string;
  sku!: string;
  at!: Date;
}

class StockLow {
  sku!: string;
  left!: bigint;
}

/** The stock that the warehouse really has; stands for its database. */
class Shelves {
  readonly stock = new Map([
    ['bolt', 10],
    ['nut', 2],
  ]);
  readonly keys: string[] = [];
}

class Inventory extends System {
  constructor(@inject(Shelves) private readonly shelves: Shelves) {
    super();
  }

  @operation({ input: ReserveStock, output: Reservation })
  async reserve(request: ReserveStock, call: Call): Promise<Reservation> {
    const left = (this.shelves.stock.get(request.sku) ?? 0) - request.quantity;
    if (left < 0) throw new CommandFailure('SYSTEM_UNAVAILABLE', `only ${left + request.quantity} of ${request.sku} left`);
    this.shelves.stock.set(request.sku, left);
    this.shelves.keys.push(call.key);
    if (left < 2) call.emit('stock-low', Object.assign(new StockLow(), { sku: request.sku, left: BigInt(left) }));
    return Object.assign(new Reservation(), { id: `r-${request.sku}`, sku: request.sku, at: new Date(0) });
  }

  override async observeState(): Promise<readonly StateObservation[]> {
    return [{ key: 'catalogue', version: '7' }];
  }
}

class Notice {
  text!: string;
}

class Mailer extends System {
  readonly sent: string[] = [];
  catalogue = '7';

  @operation({ input: Notice, effect: 'once' })
  async send(notice: Notice, _call: Call): Promise<void> {
    this.sent.push(notice.text);
  }

  override async observeState(): Promise<readonly StateObservation[]> {
    return [{ key: 'catalogue', version: this.catalogue }];
  }
}

class PlaceOrderParams {
  @IsString()
  orderId!: string;

  @IsArray()
  @ArrayNotEmpty()
  @IsString({ each: true })
  skus!: string[];

  @IsInt()
  @Min(1)
  quantity: Default<number> = 1;
}

class Receipt {
  orderId!: string;
  reservations!: readonly string[];
  low!: readonly string[];
}

@command({ name: 'place-order', params: PlaceOrderParams, result: Receipt })
class PlaceOrder extends OrchestrationCommand<PlaceOrderParams, Receipt> {
  constructor(
    @inject(Inventory) private readonly inventory: Inventory,
    @inject(Mailer) private readonly mailer: Mailer,
  ) {
    super();
  }

  defineOrchestrationScope() {
    return scope({
      systems: { inventory: this.inventory, mailer: this.mailer },
      events: { 'stock-low': StockLow },
      after: { mailer: ['inventory'] },
    });
  }

  async coordinateSystemInteractions({ params, systems }: Interactions<this>): Promise<Receipt> {
    const reserved = await Promise.all(params.skus.map((sku) => systems.inventory.reserve({ sku, quantity: params.quantity })));
    await systems.mailer.send({ text: `order ${params.orderId}` });
    const dated = reserved.filter((reservation) => reservation instanceof Reservation && reservation.at instanceof Date);
    return { orderId: params.orderId, reservations: dated.map(({ id }) => id), low: [] };
  }

  async manageOrchestrationState({ results }: StateContext<this>): Promise<StateManagementResults> {
    return { consistent: results.events.rejected === 0 };
  }

  async handleOrchestrationEvents({ event, systems }: EventContext<this>): Promise<EventHandlingResults> {
    await systems.mailer.send({ text: `low: ${event.data.sku}, ${event.data.left}` });
    return 'handled';
  }
}

const shopModule = new ContainerModule(({ bind }) => {
  bind(Shelves).toSelf().inSingletonScope();
  bind(Inventory).toSelf().inSingletonScope();
  bind(Mailer).toSelf().inSingletonScope();
});

describe('a host application', () => {
  const folder = mkdtempSync(join(tmpdir(), 'host-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function shop() {
    const container = new Container();
    container.load(sixfoldModule({ engine: embeddedEngine({ file: join(folder, 'shop.db') }), commands: [PlaceOrder] }), shopModule);
    const runner = await startSixfold(container);
    return { container, runner, mailer: container.get(Mailer), shelves: container.get(Shelves) };
  }

  it('runs its command through its own container, typed from params to receipt, with events handled meanwhile', async () => {
    const { runner, container, mailer, shelves } = await shop();
    await using _closing = runner;
    const run = await runner.start(PlaceOrder, { orderId: 'o-1', skus: ['bolt', 'nut'] }, { key: 'o-1' });
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({ status: 'completed', degraded: [], findings: [] });
    expect(await run.result()).toBeInstanceOf(Receipt);
    expect(await run.result()).toEqual({ orderId: 'o-1', reservations: ['r-bolt', 'r-nut'], low: [] });
    expect(mailer.sent.toSorted()).toEqual(['low: nut, 1', 'order o-1']);
    expect(container.get(CommandRunner)).toBe(runner);
    expect(new Set(shelves.keys).size).toBe(2);
  });

  it('gives the same run for the same key after a restart, and does nothing again', async () => {
    const { runner, mailer, shelves } = await shop();
    await using _closing = runner;
    expect(await runner.execute(PlaceOrder, { orderId: 'o-1', skus: ['bolt', 'nut'] }, { key: 'o-1' })).toMatchObject({ orderId: 'o-1' });
    expect(mailer.sent).toEqual([]);
    expect(shelves.keys).toEqual([]);
    await expect(runner.execute(PlaceOrder, { orderId: 'o-2', skus: ['bolt'] }, { key: 'o-1' })).rejects.toMatchObject({
      code: 'KEY_REUSED',
    });
  });

  it('refuses params with every violation named, before anything happens', async () => {
    const { runner } = await shop();
    await using _closing = runner;
    const before = (await runner.runs()).length;
    const wrong = { orderId: 7, skus: [], quantity: 0, colour: 'red' } as unknown as PlaceOrderParams;
    await expect(runner.execute(PlaceOrder, wrong)).rejects.toThrow(
      /colour: property colour should not exist.*orderId: must be a string.*skus: should not be empty.*quantity: must not be less than 1/,
    );
    expect(await runner.runs()).toHaveLength(before);
  });

  it('fails the run when the systems show different versions of the same state', async () => {
    const { runner, mailer } = await shop();
    await using _closing = runner;
    mailer.catalogue = '6';
    const outcome = await (await runner.start(PlaceOrder, { orderId: 'o-3', skus: ['bolt'] })).outcome();
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'STATE_INCONSISTENT', message: expect.stringContaining('mailer: catalogue: expected version 7') },
      findings: [{ subject: 'mailer: catalogue', severity: 'error' }],
    });
  });

  it('shows the plan without calling a system', async () => {
    const { runner, shelves } = await shop();
    await using _closing = runner;
    const plan = await runner.plan(PlaceOrder, { orderId: 'o-4', skus: ['bolt'] });
    expect(plan).toMatchObject({
      command: 'place-order',
      pattern: 'centralized',
      waves: [['inventory'], ['mailer']],
      events: ['stock-low'],
    });
    expect(plan.risks).toEqual([expect.objectContaining({ code: 'once-without-probe', subject: 'mailer.send', severity: 'warning' })]);
    expect(shelves.keys).toEqual([]);
  });
});
