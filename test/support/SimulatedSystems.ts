/**
 * The systems that simulated runs reach: they remember what they did, answer late, lose requests and replies, hang, and watch that
 * nothing reaches them that must not.
 *
 * Owns: what was done, and what each step was answered. Does not own: who asks.
 */
import type { EngineUnderTest } from './engineUnderTest.js';
import type { ProgramProcess, Reached } from './ProgramProcess.js';
import type { SimulatedDisk } from './SimulatedDisk.js';
import { chanceOf } from './scriptedChance.js';
import type { VirtualTime } from './VirtualTime.js';

type Fate = 'answer' | 'transient' | 'lost reply' | 'lost request' | 'hang';

interface Effect {
  readonly value: number;
  readonly refuses: boolean;
  /** Counts what was begun; a later attempt ends what an earlier one might still do. */
  begun: number;
  done: number;
  faults: number;
  /** Begun, and not known to have done nothing. */
  doubtful: boolean;
  /** Attempts up to this one do nothing any more. */
  closedTo: number;
}

export interface SystemsParts {
  readonly engine: EngineUnderTest;
  readonly disk: SimulatedDisk;
  readonly time: VirtualTime;
  readonly seed: number;
  readonly faulty: boolean;
  readonly draw: (below: number) => number;
  readonly log: (line: string) => void;
  readonly violated: (what: string, detail: string) => void;
}

const FAULTS_MAX = 2;
const FATES: readonly Fate[] = ['answer', 'answer', 'answer', 'answer', 'transient', 'lost reply', 'lost request', 'hang'];

export class SimulatedSystems {
  private readonly effects = new Map<string, Effect>();
  /** Outputs that were undone, by run, in the order in which that was begun first. */
  readonly undone = new Map<string, number[]>();

  constructor(private readonly parts: SystemsParts) {}

  reach(reached: Reached, process: ProgramProcess): Promise<number | undefined> {
    const { what, step, call } = reached;
    this.parts.log(`${what} ${step} attempt ${call.attempt}`);
    if (!process.journal.sure) this.parts.violated('begun without a lease', step);
    this.checkCommitted(reached, process);
    this.checkUnrecorded(reached);
    if (what === 'probe') return this.probe(reached, process);
    if (what === 'undo') return this.undo(reached, process);
    return this.call(reached, process);
  }

  /** R7: a run does not end before what it began. */
  private checkOpen(runId: string, step: string): void {
    const { disk, violated } = this.parts;
    if (disk.runOf(runId)?.row.status !== null) violated('ended before its step', step);
  }

  private call({ step, node, call, runId, identity }: Reached, process: ProgramProcess): Promise<number> {
    const effect = this.effectOf(step);
    this.checkAttempt(runId, identity, call.attempt);
    if (node?.effect === 'once') this.checkOnce(step, effect, runId, identity);
    if (node?.undo && node.effect !== 'read') this.checkIntended(step, runId, identity);
    effect.begun += 1;
    effect.doubtful = true;
    const number = effect.begun;
    const fate = this.fateOf(effect, node !== undefined, node?.timeoutMs !== undefined);
    const { time, draw } = this.parts;
    if (fate !== 'transient' && fate !== 'lost request')
      time.after(draw(8), () => this.perform(step, effect, number, node?.effect === 'once'));
    return new Promise((resolve, reject) => {
      if (fate === 'hang') this.onAbort(call.signal, process, () => reject(call.signal.reason));
      else {
        time.after(8 + draw(8), () => {
          if (process.dead) return;
          if (process.journal.sure && !call.signal.aborted) this.checkOpen(runId, step);
          this.answer(effect, fate, resolve, reject);
        });
      }
    });
  }

  private answer(effect: Effect, fate: Fate, resolve: (value: number) => void, reject: (error: Error) => void): void {
    const { TransientError, OutcomeUnknownError } = this.parts.engine;
    if (fate === 'lost reply' || fate === 'lost request')
      reject(new OutcomeUnknownError('OUTCOME_UNKNOWN', `the reply was lost ${effect.value}`));
    else if (fate === 'transient' || effect.refuses) {
      effect.doubtful = false;
      reject(
        fate === 'transient' ? new TransientError('OUTCOME_UNKNOWN', `not now ${effect.value}`) : new Error(`refused ${effect.value}`),
      );
    } else resolve(effect.value);
  }

  private perform(step: string, effect: Effect, number: number, once: boolean): void {
    if (effect.refuses || number <= effect.closedTo) return;
    if (once || effect.done === 0) effect.done += 1; // The others know a key that they have seen.
    if (effect.done > 1) this.parts.violated('done twice', step);
  }

  private probe({ step }: Reached, process: ProgramProcess): Promise<number | undefined> {
    const effect = this.effectOf(step);
    const { time, draw, faulty, engine } = this.parts;
    return new Promise((resolve, reject) => {
      time.after(1 + draw(4), () => {
        if (process.dead) return;
        if (faulty && effect.faults < FAULTS_MAX && draw(4) === 0) {
          effect.faults += 1;
          reject(new engine.TransientError('OUTCOME_UNKNOWN', 'the probe has no answer'));
          return;
        }
        effect.closedTo = effect.begun; // What it says holds.
        if (effect.done === 0) effect.doubtful = false;
        resolve(effect.done > 0 ? effect.value : undefined);
      });
    });
  }

  private undo({ step, output = 0, runId }: Reached, process: ProgramProcess): Promise<undefined> {
    const { time, draw, faulty } = this.parts;
    const undone = this.undone.get(runId) ?? [];
    this.undone.set(runId, undone);
    if (!undone.includes(output)) undone.push(output);
    const effect = this.effectOf(step);
    return new Promise((resolve, reject) => {
      time.after(1 + draw(6), () => {
        if (process.dead) return;
        if (faulty && effect.faults < FAULTS_MAX && draw(3) === 0) {
          effect.faults += 1;
          reject(new Error('not undone yet'));
        } else resolve(undefined);
      });
    });
  }

  private onAbort(signal: AbortSignal, process: ProgramProcess, then: () => void): void {
    const after = (): unknown => this.parts.time.after(1, () => process.dead || then());
    if (signal.aborted) after();
    else signal.addEventListener('abort', after);
  }

  private fateOf(effect: Effect, mayFail: boolean, mayHang: boolean): Fate {
    const { faulty, draw } = this.parts;
    const fate = FATES[draw(FATES.length)] ?? 'answer';
    if (!faulty || !mayFail || fate === 'answer' || effect.faults >= FAULTS_MAX || (fate === 'hang' && !mayHang)) return 'answer';
    effect.faults += 1;
    return fate;
  }

  private effectOf(step: string): Effect {
    const known = this.effects.get(step);
    if (known) return known;
    const value = chanceOf(`${this.parts.seed} ${step}`);
    const effect = { value, refuses: value % 6 === 0, begun: 0, done: 0, faults: 0, doubtful: false, closedTo: 0 };
    this.effects.set(step, effect);
    return effect;
  }

  /** R1: nothing begins before all that was recorded when it was asked for is on the disk. */
  private checkCommitted({ runId, step, before }: Reached, { journal }: ProgramProcess): void {
    const committed = journal.countOf(runId) - journal.pendingOf(runId);
    if (committed < before) this.parts.violated('effect before commit', `${step}: ${committed} of ${before} records are on the disk`);
  }

  /** What has a definite outcome on the disk is not done again. */
  private checkUnrecorded({ what, runId, identity, step }: Reached): void {
    const ended = this.recordsOf(runId, identity).findLast(({ kind }) => kind === 'step-ended');
    if (ended && ended.status !== 'unknown') this.parts.violated('recorded step run again', `${what} ${step} has ${ended.status}`);
  }

  private checkAttempt(runId: string, identity: string, attempt: number): void {
    const records = this.recordsOf(runId, identity);
    const since = records.slice(records.findLastIndex(({ kind }) => kind === 'step-ended') + 1);
    const attempted = since.filter(({ kind }) => kind === 'step-attempted');
    const known = new Set(attempted.map(({ body }) => (JSON.parse(body ?? '{}') as { attempt?: number }).attempt)).size;
    if (attempt !== known + 1) this.parts.violated('attempts miscounted', `${identity}: attempt ${attempt} after ${known}`);
  }

  private checkOnce(step: string, effect: Effect, runId: string, identity: string): void {
    if (effect.doubtful) this.parts.violated('once begun again', step);
    this.checkIntended(step, runId, identity);
  }

  private checkIntended(step: string, runId: string, identity: string): void {
    if (!this.recordsOf(runId, identity).some(({ kind }) => kind === 'step-intended')) this.parts.violated('begun without intent', step);
  }

  private recordsOf(runId: string, identity: string) {
    return this.parts.disk.writes.flatMap(({ run, record }) => (run === runId && record?.step === identity ? [record] : []));
  }
}
