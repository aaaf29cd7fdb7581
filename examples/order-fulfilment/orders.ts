/** Ten orders, what goes wrong with each, and how it should end all the same. */
import type { Fault } from './services/FaultSwitches.js';
import type { ServiceName } from './services/ServiceFleet.js';
import type { Line } from './systems.js';

export interface PlannedOrder {
  readonly title: string;
  readonly faults: Partial<Record<ServiceName, readonly Fault[]>>;
  readonly lines?: readonly Line[];
  readonly ends: 'completed' | 'compensated' | 'failed';
}

export const LINES: readonly Line[] = [
  { sku: 'bolt', quantity: 2 },
  { sku: 'nut', quantity: 2 },
];

export const ORDERS: readonly PlannedOrder[] = [
  { title: 'nothing goes wrong', faults: {}, ends: 'completed' },
  {
    title: 'the customer service hangs, the inventory is busy for a second',
    faults: { user: [{ operation: 'verify', kind: 'hang' }], inventory: [{ operation: 'reserve', kind: 'unavailable', ms: 1000 }] },
    ends: 'completed',
  },
  {
    title: 'both reservations are made, and their replies are lost',
    faults: { inventory: [{ operation: 'reserve', kind: 'reply-lost', times: 2 }] },
    ends: 'completed',
  },
  {
    title: 'there is one yacht, and two are ordered',
    faults: {},
    lines: [
      { sku: 'bolt', quantity: 1 },
      { sku: 'yacht', quantity: 2 },
    ],
    ends: 'compensated',
  },
  {
    title: 'the inventory never answers',
    faults: { inventory: [{ operation: 'reserve', kind: 'hang', times: 0 }] },
    ends: 'compensated',
  },
  {
    title: 'the money is taken, and the reply is lost',
    faults: { payment: [{ operation: 'charge', kind: 'reply-lost' }] },
    ends: 'completed',
  },
  {
    title: 'the payment service dies, once before and once after it took the money',
    faults: {
      payment: [
        { operation: 'charge', kind: 'crash-before' },
        { operation: 'charge', kind: 'crash-after' },
      ],
    },
    ends: 'completed',
  },
  {
    title: 'the card is declined, the order service dies cancelling, a release fails',
    faults: {
      payment: [{ operation: 'charge', kind: 'refuse' }],
      order: [{ operation: 'cancel', kind: 'crash-after' }],
      inventory: [{ operation: 'release', kind: 'error', times: 2 }],
    },
    ends: 'compensated',
  },
  {
    title: 'paid, then the order service refuses, fails and dies',
    faults: {
      order: [
        { operation: 'confirm', kind: 'refuse' },
        { operation: 'confirm', kind: 'error', times: 2 },
        { operation: 'ship', kind: 'crash-before' },
        { operation: 'ship', kind: 'reply-lost' },
      ],
    },
    ends: 'completed',
  },
  { title: 'the customer may not order', faults: { user: [{ operation: 'verify', kind: 'refuse' }] }, ends: 'failed' },
];
