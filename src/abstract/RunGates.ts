/**
 * The quality gates of one run on one load.
 *
 * Owns: nothing beyond a check. Does not own: the verdicts, which are in the timeline; a person's decision, which is the journal's.
 */
import type { Call } from '../kernel/Call.js';
import type { GateCheck, GateFinding, GateOptions } from './CommandContext.js';
import type { DurableRun, StepRequest } from './DurableRun.js';
import { checkGate, gateFailed } from './gate.js';
import type { GateRecord, Timeline } from './Timeline.js';

type Verdict = Exclude<GateFinding, boolean>;

export interface RunGatesParts {
  readonly durable: DurableRun;
  readonly timeline: Timeline;
  /** A step of the present phase. */
  readonly ask: (asked: Omit<StepRequest<Verdict>, 'branch' | 'undoable'>) => Promise<Verdict>;
}

export class RunGates {
  constructor(private readonly parts: RunGatesParts) {}

  /**
   * @returns whether it passed or was overridden
   * @throws CommandFailure `GATE_FAILED` for severity `error`
   */
  async judge(name: string, check: GateCheck, { severity = 'error', overrideWithinMs = 0 }: GateOptions): Promise<boolean> {
    const { durable, ask } = this.parts;
    const body = (_input: unknown, call: Call) => checkGate(name, check, call.signal);
    const { passed, found } = await ask({ name: `gate ${name}`, effect: 'read', body });
    const why = found === undefined ? {} : { found };
    if (!passed && severity === 'error' && overrideWithinMs > 0) {
      durable.observe({ type: 'gate', gate: name, severity, verdict: 'waiting', ...why });
    }
    const override = passed || severity === 'warning' ? undefined : await durable.override(name, overrideWithinMs);
    const verdict = passed ? 'passed' : override ? 'overridden' : 'failed';
    const record: GateRecord = { name, severity, verdict, ...why, ...(override ? { override } : {}) };
    this.note(record);
    if (verdict === 'failed' && severity === 'error') throw gateFailed(record);
    return verdict !== 'failed';
  }

  note(gate: GateRecord): void {
    const { name, severity, verdict, found } = gate;
    this.parts.timeline.addGate(gate);
    this.parts.durable.observe({ type: 'gate', gate: name, severity, verdict, ...(found === undefined ? {} : { found }) });
  }
}
