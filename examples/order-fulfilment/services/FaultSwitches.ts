/** What goes wrong, and how often. Kept in the service's database, so that a crash does not set a switch back. */
import type { Store } from './Store.js';

const FAULT_KINDS = ['refuse', 'unavailable', 'error', 'hang', 'reply-lost', 'slow', 'crash-before', 'crash-after'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  /** Name of an operation, such as `reserve`. */
  readonly operation: string;
  readonly kind: FaultKind;
  /** Only for requests about this order. @default all */
  readonly order?: string;
  /** For so many requests; 0 for all. @default 1 */
  readonly times?: number;
  /** How long `slow` takes; with `unavailable` how long the caller is to stay away, in whole seconds. @default 0 */
  readonly ms?: number;
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS fault (
  id INTEGER PRIMARY KEY, operation TEXT NOT NULL, kind TEXT NOT NULL, order_id TEXT, times INTEGER NOT NULL, ms INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS fault_of ON fault (operation, order_id)`;

interface Row {
  readonly id: number;
  readonly kind: FaultKind;
  readonly times: number;
  readonly ms: number;
}

export class FaultSwitches {
  static readonly SCHEMA = SCHEMA;

  constructor(private readonly store: Store) {}

  add(faults: readonly Fault[]): void {
    this.store.transaction(() => {
      for (const { operation, kind, order, times = 1, ms = 0 } of faults) {
        if (!FAULT_KINDS.includes(kind)) throw new Error(`there is no fault ${kind}`);
        this.store.run(
          'INSERT INTO fault (operation, kind, order_id, times, ms) VALUES (?, ?, ?, ?, ?)',
          operation,
          kind,
          order ?? null,
          times === 0 ? -1 : times,
          ms,
        );
      }
    });
  }

  /** Those that have requests left. */
  list(): readonly Fault[] {
    const rows = this.store.all<Fault & { readonly times: number }>(
      'SELECT operation, kind, order_id AS "order", times, ms FROM fault WHERE times <> 0 ORDER BY id',
    );
    return rows.map((row) => ({ ...row, times: Math.max(row.times, 0) }));
  }

  clear(): void {
    this.store.run('DELETE FROM fault');
  }

  /** The oldest one that stands for such a request, which it counts. */
  take(operation: string, order: string | undefined): Row | undefined {
    const row = this.store.get<Row>(
      'SELECT id, kind, times, ms FROM fault WHERE operation = ? AND (order_id IS NULL OR order_id = ?) AND times <> 0 ORDER BY id',
      operation,
      order ?? null,
    );
    if (row && row.times > 0) this.store.run('UPDATE fault SET times = times - 1 WHERE id = ?', row.id);
    return row;
  }
}
