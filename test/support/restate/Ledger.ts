/**
 * A system outside that runs have effects in: it keeps every request that reaches it, so that a test can count.
 *
 * Owns: its port of loopback. An effect has happened when the request is kept; the reply comes later, so that whoever asked may be gone by then.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import type { Call } from '../../../src/index.js';

/** What is asked for. */
interface Asked {
  readonly order: string;
  readonly step: string;
  /** Process that asks. */
  readonly worker: number;
}

interface Request extends Asked {
  readonly key: string;
  /** It must not be done when its time is up, and is done again when it is asked for again. */
  readonly once: boolean;
  /** In milliseconds since the epoch. */
  readonly deadline: number | null;
}

export interface Entry extends Asked {
  readonly key: string;
  readonly receipt: number;
  /** Had been done before with this key, and was not done again. */
  readonly isRepeated: boolean;
  /** Of `performance.now()`. */
  readonly at: number;
}

const REPLY_MS = { min: 5, max: 35 };

export class Ledger implements AsyncDisposable {
  /** In the order they came. */
  readonly entries: Entry[] = [];
  private readonly receipts = new Map<string, number>();
  private watchers: (() => void)[] = [];

  private constructor(
    private readonly server: Server,
    private readonly draw: () => number,
  ) {
    server.on('request', (request, response) => void this.serve(request, response));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.answer(request);
    await wait(REPLY_MS.min + this.draw() * (REPLY_MS.max - REPLY_MS.min));
    response.writeHead(reply === undefined ? 410 : 200).end(JSON.stringify(reply ?? null));
  }

  static async open(draw: () => number = Math.random): Promise<Ledger> {
    const server = createServer();
    const ledger = new Ledger(server, draw);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return ledger;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Of everything that has the order in its name, what was done and not only repeated. */
  done(order: string): readonly Entry[] {
    return this.entries.filter((entry) => entry.order === order && !entry.isRepeated);
  }

  /** Resolves when so many requests have come. */
  async has(entries: number): Promise<void> {
    while (this.entries.length < entries) await new Promise<void>((resolve) => this.watchers.push(resolve));
  }

  /** Resolves when this was done. */
  async hasDone(order: string, step: string): Promise<void> {
    while (!this.done(order).some((entry) => entry.step === step)) await this.has(this.entries.length + 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage): Promise<{ readonly receipt: number | null } | undefined> {
    const asked = JSON.parse(await text(request)) as Request;
    const { order, step, worker, key } = asked;
    const known = this.receipts.get(key);
    if (request.url === '/probe') return { receipt: known ?? null };
    if (asked.deadline !== null && Date.now() > asked.deadline) return undefined;
    const isRepeated = known !== undefined && !asked.once;
    const receipt = isRepeated ? known : this.entries.length + 1;
    this.receipts.set(key, receipt);
    this.entries.push({ order, step, worker, key, receipt, isRepeated, at: performance.now() });
    for (const tell of this.watchers.splice(0)) tell();
    return { receipt };
  }
}

/** How a worker reaches the ledger. */
export class LedgerClient {
  constructor(private readonly url: string) {}

  /** @returns the number of the receipt */
  async act(order: string, step: string, call: Call, { once: isOnce = false } = {}): Promise<number> {
    const { receipt } = await this.ask('/act', call, {
      order,
      step,
      once: isOnce,
      deadline: isOnce ? (call.deadline?.getTime() ?? null) : null,
    });
    return receipt as number; // Every effect has one.
  }

  /** @returns the receipt of what was done with the key of the call; undefined when it was not done, and never will be */
  async find(call: Call): Promise<number | undefined> {
    const { receipt } = await this.ask('/probe', call, {});
    return receipt ?? undefined;
  }

  private async ask(path: string, { key, signal }: Call, asked: object): Promise<{ readonly receipt: number | null }> {
    const body = JSON.stringify({ ...asked, key, worker: process.pid });
    const reply = await fetch(this.url + path, { method: 'POST', body, signal });
    if (!reply.ok) throw new Error(`the ledger refused it with ${reply.status}`);
    return (await reply.json()) as { readonly receipt: number | null };
  }
}
