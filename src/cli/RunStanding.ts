/**
 * Where a run stands, as far as its events tell.
 *
 * Owns: which steps are under way, which gates wait. Does not own: the run, the runs it started.
 */
import type { RunEvent } from '../index.js';

type GateEvent = Extract<RunEvent, { readonly type: 'gate' }>;

export interface OpenGate {
  readonly gate: string;
  readonly found: string | undefined;
}

export class RunStanding {
  private readonly steps = new Map<string, string>();
  private readonly waiting: OpenGate[] = [];
  private ended = false;

  get over(): boolean {
    return this.ended;
  }

  /** Names of the steps that are under way. */
  get underWay(): readonly string[] {
    return [...this.steps.values()];
  }

  /** Gates that wait for an override. */
  get openGates(): readonly OpenGate[] {
    return this.waiting;
  }

  take(event: RunEvent): void {
    if (event.type === 'step-started') this.steps.set(event.id, event.step);
    else if (event.type === 'step-ended') this.steps.delete(event.id);
    else if (event.type === 'gate') this.takeGate(event);
    else if (event.type === 'ended') this.ended = true;
  }

  private takeGate({ gate, verdict, severity, found }: GateEvent): void {
    if (verdict === 'waiting') this.waiting.push({ gate, found });
    if (verdict !== 'overridden' && !(verdict === 'failed' && severity === 'error')) return;
    const at = this.waiting.findIndex((open) => open.gate === gate);
    if (at >= 0) this.waiting.splice(at, 1);
  }
}
