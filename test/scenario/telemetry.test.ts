/** A host application with an OpenTelemetry SDK: what its backend shows of its runs. */
import { join } from 'node:path';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { IsInt, IsString } from 'class-validator';
import { Container, inject } from 'inversify';
import {
  type Call,
  type CommandContext,
  CommandFailure,
  command,
  embeddedEngine,
  type Interactions,
  type Logger,
  OrchestrationCommand,
  operation,
  PlainCommand,
  System,
  scope,
  sixfoldModule,
  startSixfold,
} from '../../src/index.js';
import { openTelemetry } from '../../src/observability/openTelemetry.js';
import { journalFolder, silent } from '../support/engineHarness.js';
import { TelemetryRecording } from '../support/telemetryRecording.js';

class Order {
  @IsString()
  sku!: string;

  @IsInt()
  cents!: number;
}

class Receipt {
  id!: string;
}

function receipt(id: string): Receipt {
  return Object.assign(new Receipt(), { id });
}

class Inventory extends System {
  readonly traceparents: (string | undefined)[] = [];

  @operation({ input: Order, output: Receipt })
  async reserve({ sku }: Order, call: Call): Promise<Receipt> {
    this.traceparents.push(call.traceparent);
    // As an instrumented HTTP client does.
    return trace.getTracer('http').startActiveSpan('POST', (span) => {
      span.end();
      return receipt(`r-${sku}`);
    });
  }
}

class Payments extends System {
  /** Charging waits for it. */
  answer: Promise<void> = Promise.resolve();
  onCharge: () => void = () => undefined;

  @operation({ input: Order, output: Receipt })
  async charge({ cents }: Order, call: Call): Promise<Receipt> {
    this.onCharge();
    await Promise.race([
      this.answer,
      new Promise((_resolve, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason as Error))),
    ]);
    if (cents > 1000) throw new CommandFailure('SYSTEM_UNAVAILABLE', 'no money');
    return receipt('p-1');
  }
}

@command({ name: 'place-order', version: '3', params: Order, result: Receipt })
class PlaceOrder extends OrchestrationCommand<Order, Receipt> {
  constructor(
    @inject(Inventory) private readonly inventory: Inventory,
    @inject(Payments) private readonly payments: Payments,
  ) {
    super();
  }

  defineOrchestrationScope() {
    return scope({ systems: { inventory: this.inventory, payments: this.payments }, after: { payments: ['inventory'] } });
  }

  async coordinateSystemInteractions({ params, systems }: Interactions<this>): Promise<Receipt> {
    await systems.inventory.reserve(params);
    return systems.payments.charge(params);
  }

  async manageOrchestrationState() {
    return { consistent: true };
  }

  async handleOrchestrationEvents() {
    return 'ignored' as const;
  }
}

@command({ name: 'greet', params: Order })
class Greet extends PlainCommand<Order, string> {
  async run({ sku }: Order, ctx: CommandContext): Promise<string> {
    ctx.log.info('about to compose');
    const compose = async (call: Call) => {
      call.log.info('composing');
      return `hello ${sku}`;
    };
    return ctx.step('compose', compose, { effect: 'read' });
  }
}

const folder = journalFolder();
let files = 0;
let recording: TelemetryRecording;

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());
beforeEach(() => {
  recording = new TelemetryRecording();
  trace.setGlobalTracerProvider(recording.tracerProvider);
});
afterEach(async () => {
  trace.disable();
  await recording.stop();
});

async function shop(file = join(folder, `${files++}.db`), logger: Logger = silent) {
  const { tracerProvider, meterProvider } = recording;
  const container = new Container();
  container.bind(Inventory).toSelf().inSingletonScope();
  container.bind(Payments).toSelf().inSingletonScope();
  container.load(
    sixfoldModule({
      engine: embeddedEngine({ file, drainMs: 10, graceMs: 50 }),
      commands: [PlaceOrder, Greet],
      logger,
      telemetry: openTelemetry({ tracerProvider, meterProvider }),
    }),
  );
  const runner = await startSixfold(container);
  return { file, runner, inventory: container.get(Inventory), payments: container.get(Payments) };
}

const VALIDATED = `phase planning
  phase validation (the plan can be carried out passed) (the needed systems are available passed)
  phase setup
  phase execution
    inventory.reserve: succeeded
      attempt: succeeded
        POST`;

describe('a traced host application', () => {
  it('sees a run under the request that started it, with phases, gates, steps and its own client', async () => {
    const { runner, inventory } = await shop();
    await using _closing = runner;
    const request = trace.getTracer('http').startSpan('POST /orders');
    await context.with(trace.setSpan(ROOT_CONTEXT, request), () => runner.execute(PlaceOrder, { sku: 'bolt', cents: 5 }));
    request.end();
    expect(recording.tree()).toBe(
      `POST /orders
  run place-order: completed
    ${VALIDATED.replaceAll('\n', '\n  ')}
      payments.charge: succeeded
        attempt: succeeded
    phase completion (the systems agree passed)
    phase cleanup`,
    );
    expect(recording.open).toBe(0);
    const { traceId, spanId } = recording.span('POST').parentSpanContext ?? { traceId: '', spanId: '' };
    expect(inventory.traceparents).toEqual([`00-${traceId}-${spanId}-01`]);
    expect(recording.span('run place-order').attributes).toMatchObject({
      'sixfold.command.version': '3',
      'sixfold.run.id': (await runner.runs())[0]?.id,
    });
  });

  it('sees where a run failed and why, and counts it', async () => {
    const { runner } = await shop();
    await using _closing = runner;
    await expect(runner.execute(PlaceOrder, { sku: 'bolt', cents: 5000 })).rejects.toThrow('no money');
    expect(recording.tree()).toBe(
      `run place-order: failed, error: no money
  ${VALIDATED}
    payments.charge: failed, error: no money
      attempt: failed, error: no money
  phase cleanup`,
    );
    expect(await recording.metrics()).toEqual([
      'sixfold.runs{sixfold.command.name=place-order sixfold.run.status=failed} 1',
      'sixfold.runs.active{sixfold.command.name=place-order} 0',
      'sixfold.run.duration{sixfold.command.name=place-order sixfold.run.status=failed} 1x',
      'sixfold.step.duration{sixfold.command.name=place-order sixfold.step.name=inventory.reserve sixfold.step.status=succeeded} 1x',
      'sixfold.step.duration{sixfold.command.name=place-order sixfold.step.name=payments.charge sixfold.step.status=failed} 1x',
    ]);
  });

  it('sees a plain command in the same way', async () => {
    const { runner } = await shop();
    await using _closing = runner;
    await runner.execute(Greet, { sku: 'bolt', cents: 5 });
    expect(recording.tree()).toBe(`run greet: completed
  phase planning
  phase validation
  phase setup
  phase execution
    compose: succeeded
      attempt: succeeded
  phase completion
  phase cleanup`);
  });

  it('finds the lines of a run by the trace that its spans have', async () => {
    const traces: unknown[] = [];
    const { runner } = await shop(undefined, { ...silent, info: (_message, fields) => traces.push((fields as { trace: string }).trace) });
    await using _closing = runner;
    await runner.execute(Greet, { sku: 'bolt', cents: 5 });
    const span = recording.span('run greet').spanContext().traceId;
    expect(span).toMatch(/^[0-9a-f]{32}$/);
    expect(traces).toEqual([span, span]);
  });

  it('sees all loads of a run in one trace, and no recorded step twice', async () => {
    const { file, runner, payments } = await shop();
    payments.answer = new Promise(() => undefined);
    const charging = new Promise<void>((resolve) => {
      payments.onCharge = resolve;
    });
    const run = await runner.start(PlaceOrder, { sku: 'bolt', cents: 5 });
    await charging;
    await runner[Symbol.asyncDispose]();
    await expect(run.outcome()).rejects.toMatchObject({ code: 'RUN_HANDED_BACK' });

    const { runner: next } = await shop(file);
    await using _closing = next;
    expect(await (await next.resume(run.id)).result()).toEqual({ id: 'p-1' });
    expect(recording.tree()).toBe(
      `run place-order: handed-back
  ${VALIDATED}
    payments.charge: handed-back
      attempt: handed-back
  phase cleanup
  run place-order: completed
    phase planning
    phase validation
    phase setup
    phase execution
      payments.charge: succeeded
        attempt: succeeded
    phase completion (the systems agree passed)
    phase cleanup`,
    );
    expect(recording.open).toBe(0);
    expect((await recording.metrics()).filter((line) => line.startsWith('sixfold.runs{'))).toEqual([
      'sixfold.runs{sixfold.command.name=place-order sixfold.run.status=handed-back} 1',
      'sixfold.runs{sixfold.command.name=place-order sixfold.run.status=completed} 1',
    ]);
  });
});
