/** What the services are sent and what they answer, as schemas: the documentation of DBOS and that of Restate check with Zod. */
import { z } from 'zod';

export const Line = z.object({ sku: z.string(), quantity: z.int().min(1) });
export type Line = z.infer<typeof Line>;

export const Purchase = z.object({ orderId: z.string(), customerId: z.string(), lines: z.array(Line).nonempty(), cents: z.int().min(1) });
export type Purchase = z.infer<typeof Purchase>;

export const Known = z.object({ id: z.string() });
export type Known = z.infer<typeof Known>;

export const Parcel = Known.extend({ trackingId: z.string() });
export type Parcel = z.infer<typeof Parcel>;

export const Shipment = z.object({ orderId: z.string(), paymentId: z.string(), trackingId: z.string() });
export type Shipment = z.infer<typeof Shipment>;
