/**
 * Where a run stands, as far as its events tell.
 *
 * Owns: which steps are under way, what the run waits for. Does not own: the run, the runs it started.
 * Invariant: what it was said to wait for counts until the next event, after which it may wait for something else.
 */
import type { RecordedWait } from '../host/runRecord/RunRecordDocument.js';
import type { RunEvent } from '../index.js';

type GateEvent = Extract<RunEvent, { readonly type: 'gate' }>;

export type WaitsEvent = Extract<RunEvent, { readonly type: 'waits' }>;

export class RunStanding {
  private readonly steps = new Map<string, string>();
  private readonly openGates: RecordedWait[] = [];
  private rests: readonly RecordedWait[] = [];
  private ended = false;

  get over(): boolean {
    return this.ended;
  }

  /** Names of the steps that are under way. */
  get underWay(): readonly string[] {
    return [...this.steps.values()];
  }

  /** Gates that wait for an override, and what else it waits for besides its children. */
  get waits(): readonly RecordedWait[] {
    return [...this.openGates, ...this.rests];
  }

  take(event: RunEvent): void {
    this.rests = event.type === 'waits' ? restsIn(event) : [];
    if (event.type === 'step-started') this.steps.set(event.id, event.step);
    else if (event.type === 'step-ended') this.steps.delete(event.id);
    else if (event.type === 'gate') this.takeGate(event);
    else if (event.type === 'ended') this.ended = true;
  }

  private takeGate({ gate, verdict, severity, found }: GateEvent): void {
    if (verdict === 'waiting') this.openGates.push({ what: 'gate', name: gate, until: null, detail: found ?? null });
    if (verdict !== 'overridden' && !(verdict === 'failed' && severity === 'error')) return;
    const at = this.openGates.findIndex(({ name }) => name === gate);
    if (at >= 0) this.openGates.splice(at, 1);
  }
}

/** Gates have events of their own, and children are watched themselves. */
export function restsIn({ waits }: Pick<WaitsEvent, 'waits'>): readonly RecordedWait[] {
  return waits
    .filter(({ what }) => what !== 'gate' && what !== 'child')
    .map(({ what, name, until }) => ({ what, name, until: until === undefined ? null : new Date(until).toISOString(), detail: null }));
}
