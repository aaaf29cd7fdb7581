/**
 * The metrics of runs.
 *
 * Owns: the instruments of one meter provider, made once. When the host registers another provider, the runs that begin
 * from then on use instruments of that one: OpenTelemetry's metrics have no proxies that would bring the old ones to it.
 * Invariants: a run counts with the same instruments from beginning to end; what has ended is counted once.
 */
import { type Attributes, createNoopMeter, type Meter, type MeterProvider, metrics } from '@opentelemetry/api';
import type { Phase } from '../abstract/Phase.js';
import type { AttemptTrace, RunTrace, StepTrace, TracedGate, TracedRun } from '../abstract/Telemetry.js';
import type { Clock } from '../kernel/Clock.js';
import { ATTRIBUTES } from './attributes.js';
import { harmless } from './harmless.js';

/** Bounds of histogram buckets; those that an SDK takes otherwise are meant for milliseconds. */
const STEP_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const RUN_SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400];

export type Stopwatch = Pick<Clock, 'now'>;
type Instruments = ReturnType<typeof instrumentsOf>;
type Tools = Instruments & { readonly stopwatch: Stopwatch };

export interface MeasurementsParts {
  /** Used instead of what is registered globally. */
  readonly provider: MeterProvider | undefined;
  readonly version: string;
  readonly stopwatch: Stopwatch;
}

export class Measurements {
  private provider: MeterProvider | undefined;
  private instruments: Instruments | undefined;

  constructor(private readonly parts: MeasurementsParts) {}

  /** A trace that measures and tells the given one; the given one itself when nobody measures. */
  measured(run: TracedRun, trace: RunTrace): RunTrace {
    const provider = this.parts.provider ?? metrics.getMeterProvider();
    if (provider !== this.provider) {
      this.provider = provider;
      this.instruments = harmless(() => this.instrumentsFrom(provider), undefined);
    }
    if (!this.instruments) return trace;
    return new MeasuredRun(trace, { [ATTRIBUTES.command]: run.command }, { ...this.instruments, stopwatch: this.parts.stopwatch });
  }

  private instrumentsFrom(provider: MeterProvider): Instruments | undefined {
    const meter = provider.getMeter('sixfold', this.parts.version);
    return meter === createNoopMeter() ? undefined : instrumentsOf(meter);
  }
}

function instrumentsOf(meter: Meter) {
  return {
    runs: meter.createCounter('sixfold.runs', { unit: '{run}', description: 'Loads of runs that ended or were handed back.' }),
    active: meter.createUpDownCounter('sixfold.runs.active', { unit: '{run}', description: 'Runs that this process is executing.' }),
    runSeconds: meter.createHistogram('sixfold.run.duration', {
      unit: 's',
      description: 'From the begin of a load of a run until it ended or was handed back.',
      advice: { explicitBucketBoundaries: RUN_SECONDS },
    }),
    stepSeconds: meter.createHistogram('sixfold.step.duration', {
      unit: 's',
      description: 'From the start of a step until its outcome, with all its attempts.',
      advice: { explicitBucketBoundaries: STEP_SECONDS },
    }),
    retries: meter.createCounter('sixfold.step.retries', { unit: '{attempt}', description: 'Attempts of steps beyond the first.' }),
    gateFailures: meter.createCounter('sixfold.gate.failures', { unit: '{failure}', description: 'Gates that were not passed.' }),
  };
}

class MeasuredRun implements RunTrace {
  private readonly begunAt: number;
  private over = false;

  constructor(
    private readonly trace: RunTrace,
    private readonly command: Attributes,
    private readonly tools: Tools,
  ) {
    this.begunAt = tools.stopwatch.now();
    harmless(() => tools.active.add(1, command), undefined);
  }

  get traceparent(): string | undefined {
    return this.trace.traceparent;
  }

  phase(phase: Phase): void {
    this.trace.phase(phase);
  }

  step(name: string, effect: string): StepTrace {
    const step = this.trace.step(name, effect);
    return this.over ? step : new MeasuredStep(step, { ...this.command, [ATTRIBUTES.step]: name }, this.tools);
  }

  gate(verdict: TracedGate): void {
    this.trace.gate(verdict);
    if (verdict.passed || this.over) return;
    const { name, severity, overridden } = verdict;
    const which = { [ATTRIBUTES.gate]: name, [ATTRIBUTES.gateSeverity]: severity, [ATTRIBUTES.gateOverridden]: overridden };
    harmless(() => this.tools.gateFailures.add(1, { ...this.command, ...which }), undefined);
  }

  end(status: string, reason?: string): void {
    this.trace.end(status, reason);
    if (this.over) return;
    this.over = true;
    const { active, runs, runSeconds } = this.tools;
    const ended = { ...this.command, [ATTRIBUTES.runStatus]: status };
    harmless(() => active.add(-1, this.command), undefined);
    harmless(() => runs.add(1, ended), undefined);
    harmless(() => runSeconds.record(secondsSince(this.begunAt, this.tools.stopwatch), ended), undefined);
  }
}

class MeasuredStep implements StepTrace {
  private readonly begunAt: number;
  private over = false;

  constructor(
    private readonly trace: StepTrace,
    private readonly step: Attributes,
    private readonly tools: Tools,
  ) {
    this.begunAt = tools.stopwatch.now();
  }

  attempt(number: number): AttemptTrace {
    if (number > 1 && !this.over) harmless(() => this.tools.retries.add(1, this.step), undefined);
    return this.trace.attempt(number);
  }

  end(status: string, reason?: string): void {
    this.trace.end(status, reason);
    if (this.over) return;
    this.over = true;
    const { stepSeconds, stopwatch } = this.tools;
    harmless(() => stepSeconds.record(secondsSince(this.begunAt, stopwatch), { ...this.step, [ATTRIBUTES.stepStatus]: status }), undefined);
  }
}

function secondsSince(begunAt: number, stopwatch: Stopwatch): number {
  return (stopwatch.now() - begunAt) / 1000;
}
