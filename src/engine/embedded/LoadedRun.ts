import type { RunEvent } from '../../abstract/RunEvent.js';
import type { GateOverride } from '../../abstract/Timeline.js';
import type { Slotted } from '../../kernel/Slots.js';
import type { EndedRun, RunHandle } from '../Engine.js';
import type { RunWatch } from '../RunWatch.js';
import type { Execution } from './Execution.js';
import type { RunRow } from './Journal.js';

/** A run that this process drives, and the handle to it. */
export class LoadedRun implements RunHandle, Slotted {
  slot = -1;
  private readonly end: Promise<EndedRun>;

  /** Begins to drive it. @param over called when nothing more will happen on this load, and not before the next turn of the code */
  constructor(
    readonly run: RunRow,
    readonly execution: Execution,
    private readonly events: RunWatch,
    over: (run: LoadedRun) => void,
  ) {
    this.end = execution.drive(() => over(this));
    this.end.catch(ignore); // Whoever asks for the end gets it; nobody has to.
  }

  get id(): string {
    return this.run.id;
  }

  ended(): Promise<EndedRun> {
    return this.end;
  }

  watch(after?: number): AsyncIterable<RunEvent> {
    return this.events.observe(after);
  }

  cancel(reason: string): Promise<void> {
    return this.execution.cancel(reason);
  }

  override(gate: string, override: GateOverride): Promise<void> {
    return this.execution.decide(gate, override);
  }
}

function ignore(): void {}
