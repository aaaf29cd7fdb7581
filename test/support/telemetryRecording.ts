/** What an application with an OpenTelemetry SDK would see, as text: the real SDK, exporting into memory. */
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** Longer than any test: metrics are collected when they are asked for. */
const NEVER_MS = 2 ** 30;

export class TelemetryRecording {
  readonly tracerProvider: BasicTracerProvider;
  readonly meterProvider: MeterProvider;
  private readonly spanExporter = new InMemorySpanExporter();
  private readonly metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  /** Span ids as they began; times are too coarse to tell. */
  private readonly begun: string[] = [];

  constructor({ sampler, processors = [] }: { sampler?: Sampler; processors?: readonly SpanProcessor[] } = {}) {
    const order: SpanProcessor = {
      onStart: (span) => this.begun.push(span.spanContext().spanId),
      onEnd: () => undefined,
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    };
    const spanProcessors = [order, new SimpleSpanProcessor(this.spanExporter), ...processors];
    this.tracerProvider = new BasicTracerProvider({ spanProcessors, ...(sampler ? { sampler } : {}) });
    this.meterProvider = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter: this.metricExporter, exportIntervalMillis: NEVER_MS })],
    });
  }

  /** Spans that have ended, in the order of their ends. */
  get ended(): readonly ReadableSpan[] {
    return this.spanExporter.getFinishedSpans();
  }

  /** How many spans were begun and have not ended. */
  get open(): number {
    return this.begun.length - this.ended.length;
  }

  span(name: string): ReadableSpan {
    const found = this.ended.filter((span) => span.name === name);
    const [span] = found;
    if (!span || found.length > 1) throw new Error(`${found.length} spans ${name}`);
    return span;
  }

  /** The ended spans, indented under their parents, siblings in the order in which they began. */
  tree(): string {
    const ids = new Set(this.ended.map((span) => span.spanContext().spanId));
    const ordered = this.ended.toSorted((a, b) => this.rank(a) - this.rank(b));
    const under = (parent: string | undefined, indent: string): string[] =>
      ordered
        .filter(({ parentSpanContext }) =>
          parent === undefined ? !ids.has(parentSpanContext?.spanId ?? '') : parentSpanContext?.spanId === parent,
        )
        .flatMap((span) => [`${indent}${lineOf(span)}`, ...under(span.spanContext().spanId, `${indent}  `)]);
    return under(undefined, '').join('\n');
  }

  private rank(span: ReadableSpan): number {
    return this.begun.indexOf(span.spanContext().spanId);
  }

  /** A line per metric and attributes, histograms as the number of their values. */
  async metrics(): Promise<readonly string[]> {
    return (await this.points()).map(({ name, attributes, value }) => {
      const shown = typeof value === 'number' ? value : `${value.count}x`;
      return `${name}{${Object.entries(attributes)
        .map(([key, of]) => `${key}=${String(of)}`)
        .join(' ')}} ${shown}`;
    });
  }

  /** What was collected since the beginning. */
  async points() {
    this.metricExporter.reset();
    await this.meterProvider.forceFlush();
    const metrics = this.metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({ name, unit, attributes, value: value as number | { count: number; sum?: number } })),
    );
  }

  async stop(): Promise<void> {
    await Promise.all([this.tracerProvider.shutdown(), this.meterProvider.shutdown()]);
  }
}

function lineOf({ name, attributes, status, events }: ReadableSpan): string {
  const said = ['run', 'step', 'attempt'].map((kind) => attributes[`sixfold.${kind}.status`]).find((text) => text !== undefined);
  const error = status.code === 2 ? `, error: ${status.message ?? ''}` : '';
  const gates = events.map(
    ({ attributes: gate }) => ` (${String(gate?.['sixfold.gate.name'])} ${gate?.['sixfold.gate.passed'] === true ? 'passed' : 'failed'})`,
  );
  return `${name}${said === undefined ? '' : `: ${String(said)}`}${error}${gates.join('')}`;
}
