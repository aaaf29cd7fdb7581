/** The adapter alone, told through the port what an engine tells, against the real SDK. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { context, DiagLogLevel, diag, metrics, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { AlwaysOffSampler, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { RunTrace, Telemetry, TracedRun } from '../../../src/abstract/Telemetry.js';
import { openTelemetry } from '../../../src/observability/openTelemetry.js';
import { TelemetryRecording } from '../../support/telemetryRecording.js';

const RUN: TracedRun = { runId: 'r-1', command: 'place-order', version: '2', resumed: false, traceparent: undefined };
const RECORDED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let recording: TelemetryRecording;
let nowMs: number;
let telemetry: Telemetry;

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

function record(options?: ConstructorParameters<typeof TelemetryRecording>[0]): void {
  recording = new TelemetryRecording(options);
  nowMs = 0;
  const { tracerProvider, meterProvider } = recording;
  telemetry = openTelemetry({ tracerProvider, meterProvider, clock: { now: () => nowMs } });
}

beforeEach(() => record());
afterEach(() => recording.stop());

/** A run that reserves in two attempts and ends as it is told. */
function walk(run: RunTrace, status: string, reason?: string): void {
  run.phase('planning');
  run.phase('execution');
  const step = run.step('inventory.reserve', 'idempotent');
  step.attempt(1).end('failed', 'busy');
  step.attempt(2).end('succeeded');
  step.end('succeeded');
  run.phase('cleanup');
  run.end(status, reason);
}

describe('the spans of a run', () => {
  it('are a tree of run, phases, steps and attempts', () => {
    walk(telemetry.begin(RUN), 'completed');
    expect(recording.tree()).toBe(`run place-order: completed
  phase planning
  phase execution
    inventory.reserve: succeeded
      attempt: failed, error: busy
      attempt: succeeded
  phase cleanup`);
    expect(recording.open).toBe(0);
  });

  it('say under sixfold.* what they are, and on each to which run they belong', () => {
    walk(telemetry.begin(RUN), 'completed');
    const [firstAttempt] = recording.ended.filter(({ name }) => name === 'attempt');
    expect(recording.span('run place-order').attributes).toEqual({
      'sixfold.command.name': 'place-order',
      'sixfold.command.version': '2',
      'sixfold.run.id': 'r-1',
      'sixfold.run.resumed': false,
      'sixfold.run.status': 'completed',
    });
    expect(recording.span('phase execution').attributes).toEqual({ 'sixfold.run.id': 'r-1', 'sixfold.phase': 'execution' });
    expect(recording.span('inventory.reserve').attributes).toEqual({
      'sixfold.run.id': 'r-1',
      'sixfold.step.name': 'inventory.reserve',
      'sixfold.step.effect': 'idempotent',
      'sixfold.step.status': 'succeeded',
    });
    expect(firstAttempt?.attributes).toEqual({ 'sixfold.run.id': 'r-1', 'sixfold.attempt.number': 1, 'sixfold.attempt.status': 'failed' });
    expect(new Set(recording.ended.map(({ kind }) => kind))).toEqual(new Set([SpanKind.INTERNAL]));
    expect(recording.ended[0]?.instrumentationScope).toMatchObject({ name: 'sixfold', version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  it.each(['failed', 'unknown'])('are errors with their reason when they end %s', (status) => {
    telemetry.begin(RUN).end(status, 'no money');
    expect(recording.span('run place-order')).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'no money' },
      attributes: { 'sixfold.run.status': status },
    });
  });

  it.each(['cancelled', 'handed-back'])('are no errors when they end %s, and keep the reason', (status) => {
    telemetry.begin(RUN).end(status, 'somebody asked for it');
    expect(recording.span('run place-order')).toMatchObject({
      status: { code: SpanStatusCode.UNSET },
      attributes: { 'sixfold.run.status': status, 'sixfold.reason': 'somebody asked for it' },
    });
  });

  it('have the verdict of a gate as an event on the phase that it belongs to', () => {
    const run = telemetry.begin(RUN);
    run.phase('validation');
    run.gate({ name: 'credit', passed: false, severity: 'error', overridden: true });
    run.end('completed');
    const [event] = recording.span('phase validation').events;
    expect(event).toMatchObject({
      name: 'sixfold.gate',
      attributes: {
        'sixfold.gate.name': 'credit',
        'sixfold.gate.passed': false,
        'sixfold.gate.severity': 'error',
        'sixfold.gate.overridden': true,
      },
    });
  });

  it('keep a step under the phase in which it was started, though it ends later', () => {
    const run = telemetry.begin(RUN);
    run.phase('execution');
    const slow = run.step('slow', 'read');
    run.phase('completion');
    const attempt = slow.attempt(1);
    attempt.end('succeeded');
    slow.end('succeeded');
    run.end('completed');
    expect(recording.tree()).toBe(`run place-order: completed
  phase execution
    slow: succeeded
      attempt: succeeded
  phase completion`);
  });

  it('that are open when the run is handed back are ended once, children first', () => {
    const run = telemetry.begin(RUN);
    run.phase('execution');
    const attempts = ['one', 'two'].map((name) => run.step(name, 'once').attempt(1));
    run.end('handed-back');
    attempts.map((attempt) => attempt.end('succeeded'));
    run.end('completed');
    expect(recording.ended.map(({ name }) => name)).toEqual(['attempt', 'one', 'attempt', 'two', 'phase execution', 'run place-order']);
    expect(recording.tree()).toBe(`run place-order: handed-back
  phase execution
    one: unfinished
      attempt: unfinished
    two: unfinished
      attempt: unfinished`);
    expect(recording.open).toBe(0);
  });

  it('are not added to what has ended, and nothing that comes too late throws', () => {
    const run = telemetry.begin(RUN);
    const step = run.step('early', 'read');
    step.end('succeeded');
    expect(step.attempt(1).run(() => 'ran')).toBe('ran');
    run.end('completed');
    run.phase('cleanup');
    run.gate({ name: 'late', passed: true, severity: 'warning', overridden: false });
    const late = run.step('late', 'read');
    expect(late.attempt(1).run(() => 'ran')).toBe('ran');
    late.end('failed', 'late');
    step.end('failed', 'again');
    expect(recording.tree()).toBe('run place-order: completed\n  early: succeeded');
    expect(recording.open).toBe(0);
  });
});

describe('the trace of a run', () => {
  it('is that of who started it', () => {
    const caller = recording.tracerProvider.getTracer('host').startSpan('POST /orders');
    context.with(trace.setSpan(ROOT_CONTEXT, caller), () => walk(telemetry.begin(RUN), 'completed'));
    caller.end();
    expect(recording.tree()).toMatch(/^POST \/orders\n {2}run place-order: completed\n/);
  });

  it('goes on in the next load, under the run as it was recorded, with a link to who resumed it', () => {
    const first = telemetry.begin(RUN);
    const { traceparent } = first;
    first.end('handed-back');
    const resumer = recording.tracerProvider.getTracer('host').startSpan('POST /resume');
    context.with(trace.setSpan(ROOT_CONTEXT, resumer), () => telemetry.begin({ ...RUN, resumed: true, traceparent }).end('completed'));
    expect(recording.tree()).toBe('run place-order: handed-back\n  run place-order: completed');
    const [, second] = recording.ended;
    expect(second).toMatchObject({ attributes: { 'sixfold.run.resumed': true }, parentSpanContext: { isRemote: true } });
    expect(second?.links).toEqual([{ context: resumer.spanContext() }]);
  });

  it('goes on where an earlier process was killed, whose own span never came', () => {
    const run = telemetry.begin({ ...RUN, resumed: true, traceparent: RECORDED });
    expect(run.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[\da-f]{16}-01$/);
    run.end('completed');
    expect(recording.span('run place-order').parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  });

  it.each(['', 'none', RECORDED.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)), `${RECORDED}-more`])(
    'begins anew when what was recorded is no trace context: %j',
    (traceparent) => {
      telemetry.begin({ ...RUN, resumed: true, traceparent }).end('completed');
      expect(recording.span('run place-order').parentSpanContext).toBeUndefined();
    },
  );

  it('is active in what an attempt runs, also after it waited, and named by its traceparent', async () => {
    const attempt = telemetry.begin(RUN).step('inventory.reserve', 'idempotent').attempt(1);
    const outside = trace.getActiveSpan();
    const inside = await attempt.run(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return trace.getActiveSpan()?.spanContext();
    });
    expect(attempt.traceparent).toBe(`00-${inside?.traceId}-${inside?.spanId}-01`);
    expect(trace.getActiveSpan()).toBe(outside);
    expect(() =>
      attempt.run(() => {
        throw new Error('of the body');
      }),
    ).toThrow('of the body');
  });

  it('is handed on unsampled when the sampler leaves it out', () => {
    record({ sampler: new AlwaysOffSampler() });
    const run = telemetry.begin(RUN);
    const attempt = run.step('inventory.reserve', 'idempotent').attempt(1);
    expect(attempt.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    run.end('completed');
    expect(recording.ended).toEqual([]);
  });
});

describe('without an SDK', () => {
  it('nothing is traced, and attempts run', () => {
    const run = openTelemetry().begin(RUN);
    const attempt = run.step('inventory.reserve', 'idempotent').attempt(1);
    expect([run.traceparent, attempt.traceparent]).toEqual([undefined, undefined]);
    expect(attempt.run(() => trace.getActiveSpan())).toBeUndefined();
    walk(run, 'failed', 'no money');
  });

  it('the trace context that the host propagates is handed on as it is', () => {
    const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
    const run = context.with(trace.setSpanContext(ROOT_CONTEXT, caller), () => openTelemetry().begin(RUN));
    expect(run.step('inventory.reserve', 'idempotent').attempt(1).traceparent).toBe(RECORDED);
  });

  it('one that is registered later gets spans and metrics of the runs that begin from then on', async () => {
    const adapter = openTelemetry();
    const before = adapter.begin(RUN);
    try {
      trace.setGlobalTracerProvider(recording.tracerProvider);
      metrics.setGlobalMeterProvider(recording.meterProvider);
      walk(adapter.begin(RUN), 'completed');
      before.end('failed');
    } finally {
      trace.disable();
      metrics.disable();
    }
    expect(recording.ended.filter(({ name }) => name === 'run place-order')).toHaveLength(1);
    expect((await recording.metrics()).filter((line) => line.startsWith('sixfold.runs'))).toEqual([
      'sixfold.runs{sixfold.command.name=place-order sixfold.run.status=completed} 1',
      'sixfold.runs.active{sixfold.command.name=place-order} 0',
    ]);
  });
});

describe('metrics', () => {
  const metricsOf = async (name: string) => (await recording.metrics()).filter((line) => line.startsWith(`${name}{`));

  it('count runs by command and status, and those under way', async () => {
    walk(telemetry.begin(RUN), 'completed');
    walk(telemetry.begin(RUN), 'completed');
    telemetry.begin(RUN).end('handed-back');
    telemetry.begin({ ...RUN, command: 'refund' });
    expect(await metricsOf('sixfold.runs')).toEqual([
      'sixfold.runs{sixfold.command.name=place-order sixfold.run.status=completed} 2',
      'sixfold.runs{sixfold.command.name=place-order sixfold.run.status=handed-back} 1',
    ]);
    expect(await metricsOf('sixfold.runs.active')).toEqual([
      'sixfold.runs.active{sixfold.command.name=place-order} 0',
      'sixfold.runs.active{sixfold.command.name=refund} 1',
    ]);
  });

  it('measure runs and steps in seconds', async () => {
    const run = telemetry.begin(RUN);
    nowMs = 1500;
    const step = run.step('inventory.reserve', 'idempotent');
    nowMs = 2000;
    step.end('failed', 'sold out');
    run.end('failed', 'sold out');
    const durations = (await recording.points()).filter(({ name }) => name.endsWith('.duration'));
    expect(durations).toEqual([
      {
        name: 'sixfold.run.duration',
        unit: 's',
        attributes: { 'sixfold.command.name': 'place-order', 'sixfold.run.status': 'failed' },
        value: expect.objectContaining({ count: 1, sum: 2 }),
      },
      {
        name: 'sixfold.step.duration',
        unit: 's',
        attributes: { 'sixfold.command.name': 'place-order', 'sixfold.step.name': 'inventory.reserve', 'sixfold.step.status': 'failed' },
        value: expect.objectContaining({ count: 1, sum: 0.5 }),
      },
    ]);
  });

  it('count the attempts beyond the first, and the gates that were not passed', async () => {
    const run = telemetry.begin(RUN);
    const step = run.step('inventory.reserve', 'idempotent');
    for (const number of [1, 2, 3]) step.attempt(number).end('failed');
    run.gate({ name: 'credit', passed: true, severity: 'error', overridden: false });
    run.gate({ name: 'credit', passed: false, severity: 'error', overridden: true });
    expect(await metricsOf('sixfold.step.retries')).toEqual([
      'sixfold.step.retries{sixfold.command.name=place-order sixfold.step.name=inventory.reserve} 2',
    ]);
    expect(await metricsOf('sixfold.gate.failures')).toEqual([
      'sixfold.gate.failures{sixfold.command.name=place-order sixfold.gate.name=credit sixfold.gate.severity=error sixfold.gate.overridden=true} 1',
    ]);
  });

  it('count what ends once, whatever comes after', async () => {
    const run = telemetry.begin(RUN);
    const step = run.step('inventory.reserve', 'idempotent');
    step.end('succeeded');
    step.end('failed');
    run.end('completed');
    const counted = await recording.metrics();
    step.attempt(2).end('failed');
    run.step('late', 'read').end('failed');
    run.gate({ name: 'late', passed: false, severity: 'error', overridden: false });
    run.end('failed');
    expect(await recording.metrics()).toEqual(counted);
    expect(counted).toHaveLength(4);
  });
});

describe('an SDK that throws', () => {
  const said: string[] = [];
  const thrower = (): never => {
    throw new Error('a bug of the host');
  };
  const broken: SpanProcessor = { onStart: thrower, onEnd: thrower, forceFlush: async () => undefined, shutdown: async () => undefined };

  beforeEach(() => {
    const listen = (text: string): void => void said.push(text);
    diag.setLogger({ error: listen, warn: listen, info: listen, debug: listen, verbose: listen }, DiagLogLevel.ERROR);
  });
  afterEach(() => diag.disable());

  it.each(['from the first span on', 'after the first span'])('does not reach the run, %s', async (when) => {
    let spans = when === 'from the first span on' ? 1 : 0;
    record({ processors: [{ ...broken, onStart: () => (spans++ > 0 ? thrower() : undefined) }] });
    walk(telemetry.begin(RUN), 'completed');
    expect(said).toContain('The telemetry of a run is incomplete, because the SDK threw.');
    expect(await recording.metrics()).toContain('sixfold.runs{sixfold.command.name=place-order sixfold.run.status=completed} 1');
  });
});

describe('docs/observability.md', () => {
  const page = readFileSync(join(__dirname, '../../../docs/observability.md'), 'utf8');

  it('has a row for every attribute, event and metric, and for nothing else', async () => {
    const run = telemetry.begin(RUN);
    run.gate({ name: 'credit', passed: false, severity: 'error', overridden: false });
    walk(run, 'cancelled', 'somebody asked for it');
    const said = recording.ended.flatMap(({ attributes, events }) => [attributes, ...events.map((event) => event.attributes ?? {})]);
    const names = said.flatMap((attributes) => Object.keys(attributes));
    const events = recording.ended.flatMap((span) => span.events.map(({ name }) => name));
    const measured = (await recording.points()).map(({ name }) => name);
    const rows = [...page.matchAll(/^\| `(sixfold\.[a-z.]+)` \|/gm)].map(([, name]) => name);
    expect(new Set(rows)).toEqual(new Set([...names, ...events, ...measured]));
    expect(new Set(rows).size).toBe(rows.length);
  });
});
