/** The calls of the four services as steps: how long each is tried, and what is never tried again. */
import { DBOS, type StepConfig } from '@dbos-inc/dbos-sdk';
import { type ZodType, z } from 'zod';
import { Known, type Line, Ordered, Parcel, type Purchase } from '../messages.js';

export const TIMEOUT_MS = 300;
const POLICY: StepConfig = {
  retriesAllowed: true,
  maxAttempts: 8,
  intervalSeconds: 0.05,
  timeoutMS: TIMEOUT_MS,
  shouldRetry: (error) => !(error instanceof Refused || error instanceof z.ZodError),
};
/** For what has to happen: a refusal is no way out. The backoff has no upper bound, so it grows slowly. */
const PATIENT: StepConfig = {
  retriesAllowed: true,
  maxAttempts: Number.POSITIVE_INFINITY,
  intervalSeconds: 0.05,
  backoffRate: 1.05,
  timeoutMS: TIMEOUT_MS,
};

/** The service said no, and did nothing. */
export class Refused extends Error {}

interface Request<T> {
  readonly reply: ZodType<T>;
  readonly body?: object;
  /** By default that of the step, which is the same when it is repeated. */
  readonly key?: string;
  /** After it the service does nothing any more. */
  readonly deadlineMs?: number;
}

async function send<T>(method: string, url: string, { reply, body, key, deadlineMs }: Request<T>): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      'idempotency-key': key ?? `${DBOS.workflowID}/${DBOS.stepID}`,
      ...(deadlineMs && { 'sixfold-deadline': new Date(deadlineMs).toISOString() }),
    },
    body: body ? JSON.stringify(body) : null,
    signal: DBOS.stepStatus?.timeoutSignal ?? AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return reply.parse(response.status === 204 ? undefined : await response.json());
  const message = `${method} ${url}: ${response.status} ${await response.text()}`;
  const isRefusal = response.status < 500 && response.status !== 429;
  throw isRefusal ? new Refused(message) : new Error(message);
}

export const verifyCustomer = DBOS.registerStep(
  ({ customerId, orderId }: Purchase) =>
    send('GET', `${process.env.USER_URL}/customers/${encodeURIComponent(customerId)}?orderId=${encodeURIComponent(orderId)}`, {
      reply: Known,
    }),
  { name: 'verifyCustomer', ...POLICY },
);

export const reserve = DBOS.registerStep(
  (orderId: string, line: Line, key: string) =>
    send('POST', `${process.env.INVENTORY_URL}/reservations`, { body: { orderId, ...line }, reply: Known, key }),
  { name: 'reserve', ...POLICY },
);

export const release = DBOS.registerStep(
  (key: string) => send('DELETE', `${process.env.INVENTORY_URL}/reservations/${encodeURIComponent(key)}`, { reply: z.void() }),
  { name: 'release', ...PATIENT },
);

export const createOrder = DBOS.registerStep(
  (purchase: Purchase) => send('POST', `${process.env.ORDER_URL}/orders`, { body: purchase, reply: Ordered }),
  { name: 'createOrder', ...POLICY },
);

export const cancelOrder = DBOS.registerStep(
  (orderId: string) => send('DELETE', `${process.env.ORDER_URL}/orders/${encodeURIComponent(orderId)}`, { reply: z.void() }),
  { name: 'cancelOrder', ...PATIENT },
);

export const confirmOrder = DBOS.registerStep(
  (orderId: string, paymentId: string) =>
    send('POST', `${process.env.ORDER_URL}/orders/${encodeURIComponent(orderId)}/confirmation`, { body: { paymentId }, reply: Ordered }),
  { name: 'confirmOrder', ...PATIENT },
);

export const shipOrder = DBOS.registerStep(
  (orderId: string) => send('POST', `${process.env.ORDER_URL}/orders/${encodeURIComponent(orderId)}/shipment`, { reply: Parcel }),
  { name: 'shipOrder', ...PATIENT },
);

/** Charges again when it is asked again, so it is not a step: a step is repeated when the process died in it. */
export const charge = ({ orderId, cents }: Purchase, key: string, deadlineMs: number): Promise<Known> =>
  send('POST', `${process.env.PAYMENT_URL}/charges`, { body: { orderId, cents }, reply: Known, key, deadlineMs });

export const findCharge = DBOS.registerStep(
  (orderId: string, key: string) =>
    send('GET', `${process.env.PAYMENT_URL}/charges?orderId=${encodeURIComponent(orderId)}`, { reply: Known.optional(), key }),
  { name: 'findCharge', ...PATIENT },
);
