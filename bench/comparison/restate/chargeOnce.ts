/** Charges an order at most once, although a run happens at least once and the payment service takes a request that comes twice for two. */
import { randomUUID } from 'node:crypto';
import { type Context, TerminalError } from '@restatedev/restate-sdk';
import type { Known, Purchase } from '../messages.js';
import { charge, findCharge, Refused, TIMEOUT_MS } from './services.js';
import { insisted, shielded } from './steps.js';

const ATTEMPTS_MAX = 8;

/** Each is good for one request, and is lost with the process, so that a run that is repeated after a crash finds none. */
const permits = new Set<string>();

interface Intent {
  readonly permit: string;
  /** When the service does nothing any more. */
  readonly deadlineMs: number;
}

function intend(): Intent {
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

/** @throws TerminalError when it was refused, or it is certain that no attempt took money */
export async function chargeOnce(ctx: Context, purchase: Purchase): Promise<Known> {
  const key = `${purchase.orderId}/charge`;
  for (let tried = 0; tried < ATTEMPTS_MAX; tried += 1) {
    const intent = await shielded(ctx.run('intend charge', intend));
    const payment = await shielded(ctx.run('charge', () => attempt(purchase, key, intent)));
    if (payment) return payment;
    await shielded(ctx.sleep(TIMEOUT_MS));
    const found = await insisted(ctx, 'find charge', () => findCharge(purchase.orderId, key));
    if (found) return found;
    await shielded(ctx.sleep(50 * 2 ** tried));
  }
  throw new TerminalError(`${purchase.orderId} was not charged after ${ATTEMPTS_MAX} attempts`);
}
