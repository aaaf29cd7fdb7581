/**
 * State, locks and topics over the tables of a journal.
 *
 * Owns: who waits for a lock or an entry here. Does not own: the rows; the processes that share them. Invariant: what depends on a row is
 * decided in the transaction that changes it, by the clock of that moment.
 */
import type { Clock } from '../../../kernel/Clock.js';
import { checkedStores } from '../../stores/checkedStores.js';
import type { Stores } from '../../stores/Stores.js';
import { LocalLocks } from './LocalLocks.js';
import { LocalState } from './LocalState.js';
import { LocalTopics } from './LocalTopics.js';
import { News } from './News.js';
import type { StoreTables } from './StoreTables.js';

export class LocalStores {
  readonly ports: Stores;
  private readonly news: News;
  private closed = false;

  /** @param refusal why nothing is done after it was closed */
  constructor(tables: StoreTables, clock: Clock, refusal: () => Error) {
    this.news = new News(clock);
    const refuseClosed = (): void => {
      if (this.closed) throw refusal();
    };
    const parts = { tables, clock, news: this.news, refuseClosed };
    const state = new LocalState(parts);
    this.ports = checkedStores({ state, locks: new LocalLocks(parts), topics: new LocalTopics(parts) }, refuseClosed);
  }

  /** Another process changed something. */
  changed(): void {
    this.news.tell();
  }

  /** Whoever waits is refused. */
  close(): void {
    this.closed = true;
    this.news.tell();
  }
}
