/** What the programs of the contest have in common: they take orders from the process that started them, and tell it how each ended. */
import type { Purchase } from '../messages.js';

export type Asked = { readonly fulfil: Purchase } | { readonly cancel: string };

export interface Ending {
  /** `completed`, or the program's own word for an order that was given up. */
  readonly how: string;
  readonly why?: string;
}

export interface Told extends Ending {
  readonly orderId: string;
}

export interface OrderDesk {
  /** Takes an order to its end, also one that was taken in an earlier life of the program. */
  readonly fulfil: (purchase: Purchase) => Promise<Ending>;
  readonly cancel: (orderId: string) => Promise<void>;
}

/** Where a service is, as the environment says. */
export function urlOf(service: 'user' | 'inventory' | 'order' | 'payment'): string {
  return process.env[`${service.toUpperCase()}_URL`] ?? '';
}

/** Serves the parent process until that is gone. */
export function openDesk({ fulfil, cancel }: OrderDesk): void {
  const answer = async (asked: Asked): Promise<void> => {
    if ('cancel' in asked) return cancel(asked.cancel);
    const { orderId } = asked.fulfil;
    const told: Told = { orderId, ...(await fulfil(asked.fulfil)) };
    process.send?.(told);
  };
  process.on('message', (asked: Asked) => {
    answer(asked).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  });
  process.on('disconnect', () => process.exit());
  process.send?.('open');
}
