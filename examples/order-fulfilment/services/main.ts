/**
 * One service as a process: `node main.js NAME DATABASE [PORT] [GRPC_PORT]`, each port free by default. Says where it
 * listens as a line of JSON on standard output, and as a message to a parent that it shares a channel with, when whose end it ends.
 * The environment variable FAULTS has fault switches as JSON for a new database.
 */
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { FaultSwitches } from './FaultSwitches.js';
import { httpServer } from './httpServer.js';
import { inventory } from './inventory.js';
import { order } from './order.js';
import { payment } from './payment.js';
import { Service } from './Service.js';
import { Store } from './Store.js';
import { user } from './user.js';

const SERVICES = { user, inventory, order, payment };

export interface Address {
  readonly port: number;
  /** Of the inventory. */
  readonly grpcPort?: number;
}

/** A port that was given up by a process that died may be in use for a moment. */
const LISTEN_MS_MAX = 5000;

async function listen(server: Server, port: number, since = Date.now()): Promise<number> {
  const taken = await new Promise<Error | undefined>((resolve) => {
    server.once('error', resolve);
    server.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  if (!taken) return (server.address() as AddressInfo).port;
  if (Date.now() - since > LISTEN_MS_MAX) throw taken;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return listen(server, port, since);
}

async function main([name = '', file = '', port = '0', grpcPort = '0']: readonly string[]): Promise<void> {
  const spec = SERVICES[name as keyof typeof SERVICES];
  const fresh = !existsSync(file);
  const store = new Store(file, `${spec.schema};${FaultSwitches.SCHEMA}`);
  const faults = new FaultSwitches(store);
  if (fresh) faults.add(JSON.parse(process.env.FAULTS ?? '[]'));
  const service = new Service(spec, store, faults);
  let address: Address = { port: await listen(httpServer(service), Number(port)) };
  if (spec === inventory) {
    const { grpcConnections } = await import('./grpcServer.js');
    address = { ...address, grpcPort: await listen(createServer(grpcConnections(service)), Number(grpcPort)) };
  }
  process.stdout.write(`${JSON.stringify({ service: name, ...address })}\n`);
  process.send?.(address);
}

process.on('disconnect', () => process.exit());
process.on('SIGINT', () => undefined); // Ctrl-C reaches the parent as well, which ends its services.
void main(process.argv.slice(2));
