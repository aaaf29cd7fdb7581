/**
 * Orders under planned faults for one implementation: gates before the services, and the program that takes the orders.
 *
 * Owns: the gates, the program. Does not own: the services, what the program keeps its orders in.
 */
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from '../../../examples/order-fulfilment/services/FaultSwitches.js';
import { SERVICE_NAMES, type ServiceFleet, type ServiceName } from '../../../examples/order-fulfilment/services/ServiceFleet.js';
import type { Line } from '../messages.js';
import { Gate, type Passing } from './Gate.js';
import { OrderProgram, type OrderProgramOptions } from './OrderProgram.js';
import type { Ending } from './orderDesk.js';

/** An order that takes longer is stuck. */
const ROUND_MS_MAX = 40_000;

/** What is done when a request goes by that has all of these in it. */
export interface Moment {
  readonly request: readonly string[];
  readonly what: 'cancel' | 'kill';
}

export interface ContestOrder {
  readonly orderId: string;
  readonly faults: Partial<Record<ServiceName, readonly Fault[]>>;
  readonly lines: readonly Line[];
  readonly upon?: Moment;
}

export class Contest implements AsyncDisposable {
  private readonly gates: Gate[] = [];
  private readonly moments = new Map<string, Moment>();
  private killsLeft: number[] = [];
  private program: OrderProgram | undefined;

  constructor(private readonly fleet: ServiceFleet) {}

  async start({ file, env }: OrderProgramOptions): Promise<void> {
    const urls: Record<string, string> = {};
    for (const name of SERVICE_NAMES) {
      const gate = await Gate.before(Number(new URL(this.fleet.url(name)).port), (passing) => this.see(passing));
      this.gates.push(gate);
      urls[`${name.toUpperCase()}_URL`] = gate.url;
    }
    this.program = new OrderProgram({ file, env: { ...env, NODE_PATH: resolve('node_modules'), ...urls } });
    await this.program.start();
  }

  /** How often the program was killed. */
  get kills(): number {
    return this.program?.kills ?? 0;
  }

  /**
   * Takes all orders at once.
   *
   * @param kills after so many requests and replies the program is killed, counted from the last time
   * @returns how each ended
   */
  async fulfil(orders: readonly ContestOrder[], kills: readonly number[] = []): Promise<Ending[]> {
    for (const order of orders) await this.plan(order);
    this.killsLeft = [...kills];
    const late = new AbortController();
    const stuck = wait(ROUND_MS_MAX, { how: 'stuck' }, { signal: late.signal });
    stuck.catch(() => undefined);
    const ended = orders.map(({ orderId, lines }) => {
      const ending = this.program?.fulfil({ orderId, customerId: 'ada', lines: [...lines], cents: 4200 });
      return Promise.race([ending ?? { how: 'not taken' }, stuck]);
    });
    try {
      return await Promise.all(ended);
    } finally {
      late.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program?.[Symbol.asyncDispose]();
    for (const gate of this.gates) await gate[Symbol.asyncDispose]();
  }

  private async plan({ orderId, faults, upon }: ContestOrder): Promise<void> {
    for (const [name, own = []] of Object.entries(faults)) {
      await this.fleet.plant(name as ServiceName, ...own.map((fault) => ({ ...fault, order: orderId })));
    }
    if (upon) this.moments.set(orderId, upon);
  }

  private see(passing: Passing): void {
    if ('request' in passing) this.seeRequest(passing.request);
    const [left] = this.killsLeft;
    const text = 'request' in passing ? passing.request : passing.reply;
    if (left === undefined || !this.program?.isAlive || !/^(GET|POST|DELETE|HTTP\/)/.test(text)) return;
    this.killsLeft[0] = left - 1;
    if (left > 1) return;
    this.killsLeft.shift();
    this.program.kill();
  }

  private seeRequest(text: string): void {
    for (const [orderId, { request, what }] of this.moments) {
      if (!request.every((part) => text.includes(part))) continue;
      this.moments.delete(orderId);
      if (what === 'cancel') this.program?.cancel(orderId);
      else this.program?.kill();
    }
  }
}
