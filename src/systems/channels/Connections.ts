/**
 * What a channel holds open, for as long as somebody uses it.
 *
 * Owns: how many use it, and the connections that were opened with the present TLS material. Does not own: what a
 * connection is, and who uses it.
 * Invariants: connections are opened at a call, never at `acquire`; new material (a rotated certificate) is met by the next
 * call, and the old connections close when the calls on them are over; after the last release nothing is open.
 */
import type { Call } from '../../kernel/Call.js';
import type { TlsMaterial, TlsSource } from './tls.js';

export interface Connector<C> {
  open(material: TlsMaterial | undefined): C | Promise<C>;
  /** Waits for the calls that are under way. */
  close(connection: C): Promise<void>;
}

interface Current<C> {
  readonly material: TlsMaterial | undefined;
  readonly connection: Promise<C>;
  /** The same, once it is there. */
  opened: C | undefined;
}

export class Connections<C extends object> {
  private users = 0;
  private current: Current<C> | undefined;
  private readonly closing = new Set<Promise<void>>();

  constructor(
    private readonly connector: Connector<C>,
    private readonly tls: TlsSource | undefined,
  ) {}

  acquire(): void {
    this.users += 1;
  }

  /** The last one closes; so does one that nobody acquired, for who used the channel without. */
  async release(): Promise<void> {
    this.users = Math.max(0, this.users - 1);
    if (this.users > 0) return;
    this.retire();
    await Promise.all(this.closing);
  }

  /** Those to use for a call; at once where they are there, and no material can have changed. */
  of(call: Call): C | Promise<C> {
    return (this.tls ? undefined : this.current?.opened) ?? this.opened(call);
  }

  /** Has the next call open anew. @param connection not if others are open by now */
  discard(connection: C): void {
    if (this.current?.opened === connection) this.retire();
  }

  private async opened(call: Call): Promise<C> {
    const material = await this.tls?.material(call);
    if (this.current && this.current.material !== material) this.retire();
    this.current ??= { material, connection: Promise.resolve(this.connector.open(material)), opened: undefined };
    const { current } = this;
    try {
      current.opened = await current.connection;
      return current.opened;
    } catch (error) {
      if (this.current === current) this.current = undefined;
      throw error;
    }
  }

  private retire(): void {
    const retired = this.current?.connection;
    this.current = undefined;
    if (!retired) return;
    const closed = retired.then(
      (connection) => this.connector.close(connection),
      () => undefined, // It was never open; who asked for it knows why.
    );
    this.closing.add(closed);
    void closed.finally(() => this.closing.delete(closed));
  }
}
