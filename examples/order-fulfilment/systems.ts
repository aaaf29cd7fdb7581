/** The four services as systems: what they offer, where, and how each call is repeated, settled and undone. */
import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsInt, IsString, Min, ValidateNested } from 'class-validator';
import { inject } from 'inversify';
import { type Channel, operation, type Policy, type Remote, System, system } from 'sixfold';

/** Short limits, so that the faults of the example are over soon. */
const POLICY: Policy = { timeoutMs: 300, retry: { attemptsMax: 8, backoffMs: 50, backoffMsMax: 1000 } };
/** For what has to happen: a refusal is no way out. */
const PATIENT: Policy = { timeoutMs: 300, retry: { attemptsMax: 100, backoffMs: 50, backoffMsMax: 2000, on: [Error] } };

export class Line {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

class Demand extends Line {
  @IsString() orderId!: string;
}

class Named {
  @IsString() id!: string;
}

class Ordered {
  @IsString() orderId!: string;
}

class Charge extends Ordered {
  @IsInt() @Min(1) cents!: number;
}

export class Purchase extends Charge {
  @IsString() customerId!: string;
  @Type(() => Line) @ArrayNotEmpty() @ValidateNested() lines!: Line[];
}

class Confirmation extends Ordered {
  @IsString() paymentId!: string;
}

export class Parcel extends Ordered {
  @IsString() trackingId!: string;
}

@system({ name: 'users', version: '1.0.0' })
export class Users extends System {
  @inject('user') declare readonly channel: Channel;

  @operation({ via: 'GET /customers/{customerId}{?orderId}', input: Purchase, output: Named, effect: 'read', policy: POLICY })
  declare verify: Remote<Purchase, Named>;
}

/** The inventory is asked by gRPC as well, so its operations go by their names. */
export const INVENTORY_ROUTES = { reserve: 'POST /reservations', release: 'DELETE /reservations/{id}' };

@system({ name: 'inventory', version: '1.2.0' })
export class Inventory extends System {
  @inject('inventory') declare readonly channel: Channel;

  /** A reservation is known by the key of the call, so that it can be released without a reply. */
  @operation({ input: Demand, output: Named, undo: { operation: 'release', byKey: ({ key }) => ({ id: key }) }, policy: POLICY })
  declare reserve: Remote<Demand, Named>;

  @operation({ input: Named, policy: PATIENT })
  declare release: Remote<Named>;
}

@system({ name: 'orders', version: '2.1.0' })
export class Orders extends System {
  @inject('order') declare readonly channel: Channel;

  @operation({
    via: 'POST /orders',
    input: Purchase,
    output: Ordered,
    undo: { operation: 'cancel', byKey: ({ input: { orderId } }) => ({ orderId }) },
    policy: POLICY,
  })
  declare create: Remote<Purchase, Ordered>;

  @operation({ via: 'DELETE /orders/{orderId}', input: Ordered, policy: PATIENT })
  declare cancel: Remote<Ordered>;

  @operation({ via: 'POST /orders/{orderId}/confirmation', input: Confirmation, output: Ordered, policy: PATIENT })
  declare confirm: Remote<Confirmation, Ordered>;

  @operation({ via: 'POST /orders/{orderId}/shipment', input: Ordered, output: Parcel, policy: PATIENT })
  declare ship: Remote<Ordered, Parcel>;
}

@system({ name: 'payments', version: '3.0.1' })
export class Payments extends System {
  @inject('payment') declare readonly channel: Channel;

  /** Who asks twice is charged twice: what became of a lost reply is found out by the key of the call. */
  @operation({ via: 'POST /charges', input: Charge, output: Named, effect: 'once', probe: 'charged', policy: POLICY })
  declare charge: Remote<Charge, Named>;

  @operation({ via: 'GET /charges{?orderId}', input: Charge, output: Named, effect: 'read', nullable: true })
  declare charged: Remote<Charge, Named | undefined>;
}
