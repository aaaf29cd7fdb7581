/**
 * The attempts under way on one load, and the questions of probes.
 *
 * Owns: their signals, voices and traces. Does not own: what follows from how they end; Steps decides that.
 */
import type { Subject } from '../../abstract/DurableRun.js';
import type { RunHappening } from '../../abstract/RunEvent.js';
import type { AttemptTrace, RunTrace, StepTrace } from '../../abstract/Telemetry.js';
import type { Clock } from '../../kernel/Clock.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import { isHandBack, isHandBackOf } from '../handBack.js';
import { AttemptStop } from './AttemptStop.js';
import { AttemptVoice, keyOf, type VoiceParts } from './AttemptVoice.js';
import { type Attempted, type AttemptSettings, attemptStep, type Work } from './attempt.js';
import { phaseOf } from './Ordinals.js';
import type { Known, StepAsk } from './StepAsk.js';

/** A probe of a step without time limit is given up after so long. */
const PROBE_MS_MAX = 60_000;

export interface AttemptsParts extends VoiceParts {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly graceMs: number;
  readonly trace: RunTrace;
  /** When the run is stopped, in milliseconds since the epoch. */
  readonly until: () => number | undefined;
  /** The run is left to its next load. */
  readonly leaving: () => boolean;
  readonly publish: (happening: RunHappening, at: number) => void;
  /** Something went wrong that is not the step's. */
  readonly defect: (error: unknown) => void;
}

/** An attempt that is over. Whoever gets it ends the trace. */
export interface Concluded {
  readonly ask: StepAsk;
  readonly attempted: Attempted;
  readonly startedAt: number;
  readonly trace: AttemptTrace;
}

interface UnderWay {
  readonly ask: StepAsk;
  readonly stop: AttemptStop;
  readonly done: Promise<void>;
}

export class Attempts {
  private readonly underWay = new Map<string, UnderWay>();

  constructor(
    private readonly parts: AttemptsParts,
    private readonly conclude: (concluded: Concluded) => void,
  ) {}

  get active(): boolean {
    return this.underWay.size > 0;
  }

  has({ identity }: StepAsk): boolean {
    return this.underWay.has(identity);
  }

  /** When an attempt that begins at `from` is aborted, in milliseconds since the epoch. */
  private limitOf({ backoff, request, tries }: StepAsk, from: number): number | undefined {
    const timeoutMs = backoff.timeoutMs(tries, request.timeoutMs);
    return timeoutMs === undefined ? undefined : from + timeoutMs;
  }

  /** When nothing of an attempt that begins now happens any more, as far as is known. */
  deadlineOf(ask: StepAsk): number | undefined {
    const limit = this.limitOf(ask, this.parts.clock.now());
    const runUntil = this.runUntil(ask);
    return limit === undefined || runUntil === undefined ? (limit ?? runUntil) : Math.min(limit, runUntil);
  }

  start(ask: StepAsk): void {
    const stop = new AttemptStop();
    this.underWay.set(ask.identity, { ask, stop, done: this.run(ask, stop).catch(this.parts.defect) });
  }

  /** @param all also those that go on when the run is stopped */
  abort(reason: unknown, all: boolean): void {
    for (const { ask, stop } of this.underWay.values()) if (all || !ask.sheltered) stop.abort(reason);
  }

  /** Resolves when no attempt is under way. */
  async idle(): Promise<void> {
    await Promise.all([...this.underWay.values()].map(({ done }) => done));
  }

  private async run(ask: StepAsk, stop: AttemptStop): Promise<void> {
    const { clock, graceMs, runId, leaving } = this.parts;
    const startedAt = clock.now();
    const trace = this.traceOf(ask, startedAt).attempt(ask.attempt);
    const voice = this.voiceOf(ask);
    const settings: AttemptSettings = {
      clock,
      graceMs,
      startedAt,
      number: ask.attempt,
      runUntil: this.runUntil(ask),
      until: this.untilOf(ask, startedAt),
      trace,
      // A body that begins a run is the engine's; any other may have asked for runs of another engine.
      handsBack: (error) => isHandBackOf(runId, error) || ((ask.request.child === true || leaving()) && isHandBack(error)),
    };
    const attempted = await attemptStep(this.workOf(ask), voice, stop, settings);
    voice.silence();
    this.underWay.delete(ask.identity);
    this.conclude({ ask, attempted, startedAt, trace });
  }

  /** Of the run's limits; what goes on although the run was stopped has its own. */
  private runUntil(ask: StepAsk): number | undefined {
    return ask.sheltered ? undefined : this.parts.until();
  }

  private untilOf(ask: StepAsk, startedAt: number): number | undefined {
    if (ask.next === 'probe') return startedAt + (ask.request.timeoutMs ?? PROBE_MS_MAX);
    const limit = this.limitOf(ask, startedAt);
    // What was recorded holds, however long that took.
    return limit === undefined || !ask.once || ask.deadline === undefined ? limit : Math.min(limit, ask.deadline);
  }

  private workOf({ inputText, matters, next, request, subject }: StepAsk): Work {
    const { name, effect, child = false, inputClass, probe } = request;
    const { codec } = this.parts;
    const input = subject ? this.told(subject) : codec.decode(inputText, inputClass);
    if (next === 'probe' && probe) return { name, effect: 'read', child: false, matters: false, body: (call) => probe(input, call) };
    return { name, effect, child, matters, body: (call) => request.body(input, call) };
  }

  private told({ identity, inputText, inputClass, output }: Known): Subject {
    const { codec, runId } = this.parts;
    return {
      input: codec.decode(inputText, inputClass),
      output: output && codec.decode(output.text, output.outputClass),
      key: keyOf(runId, identity),
    };
  }

  /** One for all attempts of this load. */
  private traceOf(ask: StepAsk, startedAt: number): StepTrace {
    if (ask.trace) return ask.trace;
    const { identity, request } = ask;
    this.parts.publish({ type: 'step-started', phase: phaseOf(request.branch), id: identity, step: request.name }, startedAt);
    ask.trace = this.parts.trace.step(request.name, request.effect);
    return ask.trace;
  }

  private voiceOf({ identity, request }: StepAsk): AttemptVoice {
    const { clock, publish } = this.parts;
    const { name: step } = request;
    const phase = phaseOf(request.branch);
    return new AttemptVoice(this.parts, {
      identity,
      step,
      phase,
      progressed: (done, total) => publish({ type: 'step-progress', phase, id: identity, step, done, total }, clock.now()),
    });
  }
}
