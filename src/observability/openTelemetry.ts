import { type MeterProvider, type TracerProvider, trace } from '@opentelemetry/api';
import type { Telemetry } from '../abstract/Telemetry.js';
import { sixfoldVersion } from '../kernel/sixfoldVersion.js';
import { Measurements, type Stopwatch } from './Measurements.js';
import { beginRunSpan } from './RunSpan.js';

export interface OpenTelemetryOptions {
  /** @default what is registered globally, also after this was called */
  readonly tracerProvider?: TracerProvider;
  /** @default what is registered globally when a run begins */
  readonly meterProvider?: MeterProvider;
  /** Measures the durations of the metrics, in milliseconds. Spans are timed by their SDK. @default the machine's monotonic clock */
  readonly clock?: Stopwatch;
}

/**
 * Spans and metrics of runs for OpenTelemetry, whose API only it needs: where no SDK is registered, it tells nobody and
 * costs next to nothing. The names are in docs/observability.md.
 */
export function openTelemetry({ tracerProvider, meterProvider, clock = performance }: OpenTelemetryOptions = {}): Telemetry {
  const version = sixfoldVersion();
  const tracer = (tracerProvider ?? trace).getTracer('sixfold', version);
  const measurements = new Measurements({ provider: meterProvider, version, stopwatch: clock });
  return { begin: (run) => measurements.measured(run, beginRunSpan(tracer, run)) };
}
