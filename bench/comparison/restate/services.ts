/** The calls of the four services. What they throw says to Restate whether they are to be tried again. */
import { RetryableError, TerminalError } from '@restatedev/restate-sdk';
import { type ZodType, z } from 'zod';
import { Known, type Line, Ordered, Parcel, type Purchase } from '../messages.js';

export const TIMEOUT_MS = 300;

/** The service said no, and did nothing. */
export class Refused extends TerminalError {}

interface Request<T> {
  readonly reply: ZodType<T>;
  readonly key: string;
  readonly body?: object;
  /** After it the service does nothing any more. */
  readonly deadlineMs?: number;
}

/** @throws Refused, or TerminalError for a reply that nobody understands */
async function send<T>(method: string, url: string, { reply, key, body, deadlineMs }: Request<T>): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      'idempotency-key': key,
      ...(deadlineMs && { 'sixfold-deadline': new Date(deadlineMs).toISOString() }),
    },
    body: body ? JSON.stringify(body) : null,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return parsed(reply, response.status === 204 ? undefined : await response.json());
  const message = `${method} ${url}: ${response.status} ${await response.text()}`;
  if (response.status < 500 && response.status !== 429) throw new Refused(message, { errorCode: response.status });
  const retryAfter = response.headers.get('retry-after');
  throw new RetryableError(message, retryAfter ? { retryAfter: { seconds: Number(retryAfter) } } : {});
}

function parsed<T>(schema: ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value);
  if (!success) throw new TerminalError(error.message);
  return data;
}

export const verifyCustomer = ({ customerId, orderId }: Purchase) =>
  send('GET', `${process.env.USER_URL}/customers/${encodeURIComponent(customerId)}?orderId=${encodeURIComponent(orderId)}`, {
    reply: Known,
    key: `${orderId}/verify`,
  });

export const reserve = (orderId: string, line: Line, key: string) =>
  send('POST', `${process.env.INVENTORY_URL}/reservations`, { reply: Known, key, body: { orderId, ...line } });

export const release = (key: string) =>
  send('DELETE', `${process.env.INVENTORY_URL}/reservations/${encodeURIComponent(key)}`, { reply: z.void(), key: `${key}/release` });

export const createOrder = (purchase: Purchase) =>
  send('POST', `${process.env.ORDER_URL}/orders`, { reply: Ordered, key: `${purchase.orderId}/create`, body: purchase });

export const cancelOrder = (orderId: string) =>
  send('DELETE', `${process.env.ORDER_URL}/orders/${encodeURIComponent(orderId)}`, { reply: z.void(), key: `${orderId}/cancel` });

export const confirmOrder = (orderId: string, paymentId: string) =>
  send('POST', `${process.env.ORDER_URL}/orders/${encodeURIComponent(orderId)}/confirmation`, {
    reply: Ordered,
    key: `${orderId}/confirm`,
    body: { paymentId },
  });

export const shipOrder = (orderId: string) =>
  send('POST', `${process.env.ORDER_URL}/orders/${encodeURIComponent(orderId)}/shipment`, { reply: Parcel, key: `${orderId}/ship` });

export const charge = ({ orderId, cents }: Purchase, key: string, deadlineMs: number) =>
  send('POST', `${process.env.PAYMENT_URL}/charges`, { reply: Known, key, body: { orderId, cents }, deadlineMs });

export const findCharge = (orderId: string, key: string) =>
  send('GET', `${process.env.PAYMENT_URL}/charges?orderId=${encodeURIComponent(orderId)}`, { reply: Known.optional(), key });
