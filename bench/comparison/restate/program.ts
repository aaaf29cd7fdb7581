/** Takes orders with Restate. STORE in its environment has the ports of the server, and that at which the server finds this program, as JSON. */
import { createServer } from 'node:http2';
import { createEndpointHandler } from '@restatedev/restate-sdk';
import { connect, rpc } from '@restatedev/restate-sdk-clients';
import { type Ending, openDesk } from '../contest/orderDesk.js';
import type { Purchase } from '../messages.js';
import { fulfilOrder } from './fulfilOrder.js';

interface Ports {
  readonly ingress: number;
  readonly admin: number;
  readonly program: number;
}

const { ingress, admin, program } = JSON.parse(process.env.STORE ?? '{}') as Ports;
const orders = connect({ url: `http://127.0.0.1:${ingress}` });
const invocations = new Map<string, string>();

async function fulfil(purchase: Purchase): Promise<Ending> {
  const send = await orders.serviceSendClient(fulfilOrder).fulfil(purchase, rpc.sendOpts({ idempotencyKey: purchase.orderId }));
  invocations.set(purchase.orderId, send.invocationId);
  return orders.result(send).then(
    () => ({ how: 'completed' }),
    (error: unknown) => ({ how: 'failed', why: String(error) }),
  );
}

async function cancel(orderId: string): Promise<void> {
  await fetch(`http://127.0.0.1:${admin}/invocations/${invocations.get(orderId)}/cancel`, { method: 'PATCH' });
}

async function main(): Promise<void> {
  const server = createServer(createEndpointHandler({ services: [fulfilOrder], logger: () => undefined }));
  await new Promise<void>((resolve) => server.listen(program, '127.0.0.1', resolve));
  const deployment = { uri: `http://127.0.0.1:${program}`, force: true };
  const registered = await fetch(`http://127.0.0.1:${admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(deployment),
  });
  if (!registered.ok) throw new Error(await registered.text());
  openDesk({ fulfil, cancel });
}

void main();
