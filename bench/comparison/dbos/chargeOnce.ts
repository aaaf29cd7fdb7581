/** Charges an order at most once, although a step happens at least once and the payment service takes a request that comes twice for two. */
import { randomUUID } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Known, Purchase } from '../messages.js';
import { charge, findCharge, Refused, TIMEOUT_MS } from './services.js';

const ATTEMPTS_MAX = 8;

/** Each is good for one request, and is lost with the process, so that a step that is repeated after a crash finds none. */
const permits = new Set<string>();

interface Intent {
  readonly permit: string;
  /** When the service does nothing any more. */
  readonly deadlineMs: number;
}

async function intend(): Promise<Intent> {
  const permit = randomUUID();
  permits.add(permit);
  return { permit, deadlineMs: Date.now() + TIMEOUT_MS };
}

/** @returns null when nobody knows what became of it */
async function attempt(purchase: Purchase, key: string, { permit, deadlineMs }: Intent): Promise<Known | null> {
  if (!permits.delete(permit)) return null;
  try {
    return await charge(purchase, key, deadlineMs);
  } catch (error) {
    if (error instanceof Refused) throw error;
    return null;
  }
}

/** @throws Refused, or when it is certain that no attempt took money */
export async function chargeOnce(purchase: Purchase): Promise<Known> {
  const key = `${DBOS.workflowID}/charge`;
  for (let tried = 0; tried < ATTEMPTS_MAX; tried += 1) {
    const intent = await DBOS.runStep(intend, { name: 'intendCharge' });
    const payment = await DBOS.runStep(() => attempt(purchase, key, intent), { name: 'charge' });
    if (payment) return payment;
    await DBOS.sleep(TIMEOUT_MS);
    const found = await findCharge(purchase.orderId, key);
    if (found) return found;
    await DBOS.sleep(50 * 2 ** tried);
  }
  throw new Error(`${purchase.orderId} was not charged after ${ATTEMPTS_MAX} attempts`);
}
