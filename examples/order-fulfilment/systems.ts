/** The four services as systems: what they offer, and how each call is repeated, settled and undone. */
import { Type } from 'class-transformer';
import { IsInt, IsString, Min, ValidateNested } from 'class-validator';
import { inject } from 'inversify';
import { type Call, type Channel, operation, type Policy, System, system } from 'sixfold';
import type { HttpChannel } from 'sixfold/channels/http';

/** Short limits, so that the faults of the example are over soon. */
const POLICY: Policy = { timeoutMs: 300, retry: { attemptsMax: 8, backoffMs: 50, backoffMsMax: 1000 } };
/** For what has to happen: a refusal is no way out. */
const PATIENT: Policy = { timeoutMs: 300, retry: { attemptsMax: 100, backoffMs: 50, backoffMsMax: 2000, on: [Error] } };

export class Line {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

class Named {
  @IsString() id!: string;
}

class Customer extends Named {
  @IsString() orderId!: string;
}

class Demand extends Line {
  @IsString() orderId!: string;
}

class Order extends Named {
  @IsString() customerId!: string;
  @Type(() => Line) @ValidateNested() lines!: Line[];
  @IsInt() @Min(1) cents!: number;
}

class Charge {
  @IsString() orderId!: string;
  @IsInt() @Min(1) cents!: number;
}

class Confirmation extends Named {
  @IsString() paymentId!: string;
}

class Parcel extends Named {
  @IsString() trackingId!: string;
}

@system({ name: 'users', version: '1.0.0' })
export class Users extends System {
  constructor(@inject('user') override readonly channel: HttpChannel) {
    super();
  }

  @operation({ input: Customer, output: Named, effect: 'read', policy: POLICY })
  verify({ id, orderId }: Customer, call: Call): Promise<Named> {
    return this.channel.get(`/customers/${encodeURIComponent(id)}`, { orderId }, call);
  }
}

@system({ name: 'inventory', version: '1.2.0' })
export class Inventory extends System {
  constructor(@inject('inventory') override readonly channel: Channel) {
    super();
  }

  /** A reservation is known by the key of the call, so that it can be released without a reply. */
  @operation({ input: Demand, output: Named, undo: { operation: 'release', byKey: ({ key }) => ({ id: key }) }, policy: POLICY })
  reserve(demand: Demand, call: Call): Promise<Named> {
    return this.channel.invoke('reserve', demand, call);
  }

  @operation({ input: Named, policy: PATIENT })
  async release(reservation: Named, call: Call): Promise<void> {
    await this.channel.invoke('release', reservation, call);
  }
}

@system({ name: 'orders', version: '2.1.0' })
export class Orders extends System {
  constructor(@inject('order') override readonly channel: HttpChannel) {
    super();
  }

  @operation({ input: Order, output: Named, undo: { operation: 'cancel', byKey: ({ input: { id } }) => ({ id }) }, policy: POLICY })
  create(order: Order, call: Call): Promise<Named> {
    return this.channel.post('/orders', order, call);
  }

  @operation({ input: Named, policy: PATIENT })
  cancel({ id }: Named, call: Call): Promise<void> {
    return this.channel.delete(`/orders/${encodeURIComponent(id)}`, call);
  }

  @operation({ input: Confirmation, output: Named, policy: PATIENT })
  confirm({ id, paymentId }: Confirmation, call: Call): Promise<Named> {
    return this.channel.post(`/orders/${encodeURIComponent(id)}/confirmation`, { paymentId }, call);
  }

  @operation({ input: Named, output: Parcel, policy: PATIENT })
  ship({ id }: Named, call: Call): Promise<Parcel> {
    return this.channel.post(`/orders/${encodeURIComponent(id)}/shipment`, {}, call);
  }
}

@system({ name: 'payments', version: '3.0.1' })
export class Payments extends System {
  constructor(@inject('payment') override readonly channel: HttpChannel) {
    super();
  }

  /** Who asks twice is charged twice: what became of a lost reply is found out by the key of the call. */
  @operation({ input: Charge, output: Named, effect: 'once', probe: 'charged', policy: POLICY })
  charge(charge: Charge, call: Call): Promise<Named> {
    return this.channel.post('/charges', charge, call);
  }

  charged({ orderId }: Charge, call: Call): Promise<Named | undefined> {
    return this.channel.get('/charges', { orderId }, call);
  }
}
