import { Slots } from '../../kernel/Slots.js';
import type { LoadedRun } from './LoadedRun.js';

/** Fewer are found one by one: an index with short runs that come and go costs more than it saves. */
const INDEXED_MIN = 256;

/** The runs that this process has loaded. Invariant: a run is loaded at most once at a time. */
export class Residents {
  private readonly slots = new Slots<LoadedRun>();
  private byId: Map<string, LoadedRun> | undefined;
  private size = 0;

  get list(): readonly LoadedRun[] {
    return this.slots.list;
  }

  add(run: LoadedRun): void {
    this.slots.add(run);
    this.size += 1;
    if (this.byId) this.byId.set(run.id, run);
    else if (this.size > INDEXED_MIN) this.byId = new Map(this.list.map((one) => [one.id, one]));
  }

  remove(run: LoadedRun): void {
    this.slots.remove(run);
    this.size -= 1;
    if (this.byId?.get(run.id) === run) this.byId.delete(run.id);
    if (this.size === 0) this.byId = undefined;
  }

  get(id: string): LoadedRun | undefined {
    return this.byId ? this.byId.get(id) : this.slots.find((run) => run.id === id);
  }

  withKey(command: string, key: string): LoadedRun | undefined {
    return this.slots.find(({ run }) => run.key === key && run.command === command);
  }
}
