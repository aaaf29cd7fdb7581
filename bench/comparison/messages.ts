/** What the services are sent and what they answer, as schemas: the documentation of DBOS and that of Restate check with Zod. */
import { z } from 'zod';

export const Line = z.object({ sku: z.string(), quantity: z.int().min(1) });
export type Line = z.infer<typeof Line>;

export const Ordered = z.object({ orderId: z.string() });

export const Purchase = Ordered.extend({ customerId: z.string(), lines: z.array(Line).nonempty(), cents: z.int().min(1) });
export type Purchase = z.infer<typeof Purchase>;

export const Known = z.object({ id: z.string() });
export type Known = z.infer<typeof Known>;

export const Parcel = Ordered.extend({ trackingId: z.string() });
export type Parcel = z.infer<typeof Parcel>;

export const Shipment = Parcel.extend({ paymentId: z.string() });
export type Shipment = z.infer<typeof Shipment>;
