import type { Clock } from '../../../kernel/Clock.js';
import { Answer } from '../../stores/Answer.js';
import { byCodePoints } from '../../stores/byCodePoints.js';
import { stateConflict } from '../../stores/refusals.js';
import type { Fenced, StateEntry, StateGuard, StateRange, StateStore } from '../../stores/Stores.js';
import { refuseStale } from './LocalLocks.js';
import type { StoreRows, StoreTables } from './StoreTables.js';

/** Below every character that a name may have. */
const LOWEST = '\u0000';

export class LocalState implements StateStore {
  constructor(private readonly parts: { readonly tables: StoreTables; readonly clock: Clock }) {}

  async get(space: string, key: string, { fence }: Fenced = {}): Promise<StateEntry | undefined> {
    const { tables, clock } = this.parts;
    return tables.look((rows) => {
      refuseStale(rows, fence, clock.now());
      return rows.entry(space, key);
    });
  }

  set(space: string, key: string, value: string, guard: StateGuard = {}): Promise<number> {
    return this.parts.tables.change((rows) => {
      this.refuse(rows, space, key, guard);
      return rows.putEntry(space, key, value);
    });
  }

  delete(space: string, key: string, guard: StateGuard = {}): Promise<boolean> {
    return this.parts.tables.change((rows) => {
      const entry = this.refuse(rows, space, key, guard);
      rows.removeEntry(space, key);
      return entry !== undefined;
    });
  }

  async list(space: string, { prefix = '', after, limit }: StateRange): Promise<readonly StateEntry[]> {
    const answer = new Answer<StateEntry>(limit);
    const behind = after === undefined ? '' : after + LOWEST;
    return this.parts.tables.look((rows) => {
      let entry = rows.entryFrom(space, byCodePoints(behind, prefix) > 0 ? behind : prefix);
      while (entry?.key.startsWith(prefix) && answer.add(entry)) entry = rows.entryFrom(space, entry.key + LOWEST);
      return answer.entries;
    });
  }

  private refuse(rows: StoreRows, space: string, key: string, { fence, version }: StateGuard): StateEntry | undefined {
    refuseStale(rows, fence, this.parts.clock.now());
    const entry = rows.entry(space, key);
    const found = entry?.version ?? 0;
    if (version !== undefined && version !== found) throw stateConflict({ space, key, expected: version, found });
    return entry;
  }
}
