/**
 * The spans of one load of a run: run, phases, steps, attempts.
 *
 * Owns: which spans are open. Does not own: where they go.
 * Invariants: every span that was begun ends, once, a child before the parent that closes it; a phase ends when the next
 * begins, while steps that were started in it go on as its children; no call throws, whenever it comes.
 */
import { type Attributes, context, isSpanContextValid, type Link, type Tracer, trace } from '@opentelemetry/api';
import type { Phase } from '../abstract/Phase.js';
import {
  type AttemptTrace,
  type RunTrace,
  type StepTrace,
  silentTelemetry,
  type TracedGate,
  type TracedRun,
} from '../abstract/Telemetry.js';
import { ATTRIBUTES } from './attributes.js';
import { harmless } from './harmless.js';
import { OpenSpan } from './OpenSpan.js';
import { spanContextOf } from './traceContext.js';

/** The status of what was open when what it belongs to ended. */
const UNFINISHED = 'unfinished';

/** Begins the span of a run: in the trace that the run was recorded with, else in the caller's. Silent when nobody traces. */
export function beginRunSpan(tracer: Tracer, run: TracedRun): RunTrace {
  const active = context.active();
  const recorded = run.traceparent === undefined ? undefined : spanContextOf(run.traceparent);
  const parent = recorded ? trace.setSpanContext(active, recorded) : active;
  const resumer = recorded && trace.getSpanContext(active);
  const links: Link[] = resumer ? [{ context: resumer }] : [];
  const attributes = {
    [ATTRIBUTES.command]: run.command,
    [ATTRIBUTES.version]: run.version,
    [ATTRIBUTES.runId]: run.runId,
    [ATTRIBUTES.runResumed]: run.resumed,
  };
  const span = harmless(() => tracer.startSpan(`run ${run.command}`, { attributes, links }, parent), undefined);
  if (!span || (!span.isRecording() && !isSpanContextValid(span.spanContext()))) return silentTelemetry.begin(run);
  return new RunSpan(new OpenSpan(tracer, span, parent), run.runId, silentTelemetry.begin(run));
}

class RunSpan implements RunTrace {
  private present: OpenSpan | undefined;
  private readonly steps = new Set<StepSpan>();
  /** On every span, so that one search finds all of a run. */
  private readonly identity: Attributes;

  constructor(
    private readonly span: OpenSpan,
    runId: string,
    /** Answers for the run once it has ended. */
    private readonly afterwards: RunTrace,
  ) {
    this.identity = { [ATTRIBUTES.runId]: runId };
  }

  get traceparent(): string | undefined {
    return this.span.traceparent;
  }

  phase(phase: Phase): void {
    if (this.span.ended) return;
    this.present?.end();
    this.present = this.span.child(`phase ${phase}`, { ...this.identity, [ATTRIBUTES.phase]: phase });
  }

  step(name: string, effect: string): StepTrace {
    const afterwards = this.afterwards.step(name, effect);
    if (this.span.ended) return afterwards;
    const attributes = { ...this.identity, [ATTRIBUTES.step]: name, [ATTRIBUTES.stepEffect]: effect };
    const span = (this.present ?? this.span).child(name, attributes);
    const step = new StepSpan(span, { identity: this.identity, afterwards, onEnd: () => this.steps.delete(step) });
    this.steps.add(step);
    return step;
  }

  gate(verdict: TracedGate): void {
    (this.present ?? this.span).event('sixfold.gate', {
      [ATTRIBUTES.gate]: verdict.name,
      [ATTRIBUTES.gatePassed]: verdict.passed,
      [ATTRIBUTES.gateSeverity]: verdict.severity,
      [ATTRIBUTES.gateOverridden]: verdict.overridden,
    });
  }

  end(status: string, reason?: string): void {
    for (const step of this.steps) step.end(UNFINISHED);
    this.present?.end();
    this.span.endAs(ATTRIBUTES.runStatus, status, reason);
  }
}

interface StepSpanParts {
  readonly identity: Attributes;
  /** Answers for the step once it has ended. */
  readonly afterwards: StepTrace;
  readonly onEnd: () => void;
}

class StepSpan implements StepTrace {
  private readonly attempts = new Set<AttemptSpan>();

  constructor(
    private readonly span: OpenSpan,
    private readonly parts: StepSpanParts,
  ) {}

  attempt(number: number): AttemptTrace {
    if (this.span.ended) return this.parts.afterwards.attempt(number);
    const span = this.span.child('attempt', { ...this.parts.identity, [ATTRIBUTES.attempt]: number });
    const attempt = new AttemptSpan(span, () => this.attempts.delete(attempt));
    this.attempts.add(attempt);
    return attempt;
  }

  end(status: string, reason?: string): void {
    for (const attempt of this.attempts) attempt.end(UNFINISHED);
    this.span.endAs(ATTRIBUTES.stepStatus, status, reason);
    this.parts.onEnd();
  }
}

class AttemptSpan implements AttemptTrace {
  constructor(
    private readonly span: OpenSpan,
    private readonly onEnd: () => void,
  ) {}

  get traceparent(): string | undefined {
    return this.span.traceparent;
  }

  run<T>(body: () => T): T {
    return context.with(this.span.context, body);
  }

  end(status: string, reason?: string): void {
    this.span.endAs(ATTRIBUTES.attemptStatus, status, reason);
    this.onEnd();
  }
}
