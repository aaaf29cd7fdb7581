/**
 * A process that takes orders of the example to their end, until it dies at a point it was told: around a commit of its journal, or around
 * a call of a service. Its argument is the list of what it is to do, as JSON; SERVICES in its environment says where the services are.
 */
import { mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import { shop } from '../../../examples/order-fulfilment/shop.js';
import { silentTelemetry } from '../../../src/abstract/Telemetry.js';
import { CommitTimes } from '../../../src/engine/embedded/sqlite/CommitTimes.js';
import { type Channel, startSixfold } from '../../../src/index.js';
import { type Death, FileLog, journalOf, logOf, type Task } from '../crashLog.js';
import { type Side, watchJournals } from '../crashPoints.js';
import { silent } from '../engineHarness.js';
import { placeOrder } from './customer.js';
import { httpChannels } from './httpChannels.js';

/** One life of one order. */
class Life {
  reached = 0;

  constructor(
    private readonly log: FileLog,
    private readonly death: Death | undefined,
  ) {}

  point(what: readonly string[], side: Side): void {
    this.reached += 1;
    const { death } = this;
    if (!death || !('nth' in death) || death.nth !== this.reached) return;
    this.log.add({ at: 'killed', points: [{ what, side }] });
    process.kill(process.pid, 'SIGKILL');
    for (;;); // Nothing is done any more.
  }
}

let life: Life | undefined;
const VERBS = new Set(['get', 'post', 'delete', 'invoke']);
/** A request has left by then, and is seldom answered. */
const SENT_MS = 1;

/** The same channel, with a point before a request leaves, when it is on its way, and when its reply is there. */
function watched<C extends Channel>(channel: C, service: string): C {
  return new Proxy(channel, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      if (typeof property === 'symbol' || !VERBS.has(property)) return value.bind(target);
      return async (...args: unknown[]) => {
        life?.point([`call of ${service}`], 'before');
        const reply = Promise.resolve(value.apply(target, args) as unknown);
        const sent = setTimeout(() => life?.point([`request to ${service}`], 'after'), SENT_MS);
        try {
          return await reply;
        } finally {
          clearTimeout(sent);
          life?.point([`call of ${service}`], 'after');
        }
      };
    },
  });
}

async function main(tasks: readonly Task[]): Promise<void> {
  const { user, inventory, order, payment } = httpChannels(JSON.parse(process.env.SERVICES ?? '{}'));
  const channels = {
    user: watched(user, 'user'),
    inventory: watched(inventory, 'inventory'),
    order: watched(order, 'order'),
    payment: watched(payment, 'payment'),
  };
  CommitTimes.prototype.add = () => undefined; // Where commits are slow, another thread would write, which nobody watches.
  watchJournals(() => ({ point: (what, side) => life?.point(what, side), committed: () => undefined }));
  for (const { folder, death } of tasks) {
    mkdirSync(folder, { recursive: true });
    const log = new FileLog(logOf(folder));
    log.add({ at: 'begin' });
    life = new Life(log, death);
    const runner = await startSixfold(shop(channels, journalOf(folder), { logger: silent, telemetry: silentTelemetry }));
    const { status } = await placeOrder(runner, basename(folder));
    await runner[Symbol.asyncDispose]();
    log.add({ at: 'end', ends: { status, points: life.reached } });
  }
}

void main(JSON.parse(process.argv[2] ?? '[]') as Task[]);
