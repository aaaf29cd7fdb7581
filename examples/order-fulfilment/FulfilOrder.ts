import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsInt, IsString, Min, ValidateNested } from 'class-validator';
import { inject } from 'inversify';
import { command, type Interactions, SagaCommand, scope } from 'sixfold';
import { Inventory, Line, Orders, Payments, Users } from './systems.js';

export class FulfilOrderParams {
  @IsString() orderId!: string;
  @IsString() customerId!: string;
  @Type(() => Line) @ArrayNotEmpty() @ValidateNested() lines!: Line[];
  @IsInt() @Min(1) cents!: number;
}

export class Shipment {
  orderId!: string;
  paymentId!: string;
  trackingId!: string;
}

@command({ name: 'fulfil-order', params: FulfilOrderParams, result: Shipment, description: 'Reserve, charge and ship an order.' })
export class FulfilOrder extends SagaCommand<FulfilOrderParams, Shipment> {
  constructor(
    @inject(Users) private readonly users: Users,
    @inject(Inventory) private readonly inventory: Inventory,
    @inject(Orders) private readonly orders: Orders,
    @inject(Payments) private readonly payments: Payments,
  ) {
    super();
  }

  defineOrchestrationScope() {
    const { users, inventory, orders, payments } = this;
    return scope({ systems: { users, inventory, orders, payments }, pivot: 'payments.charge' });
  }

  async coordinateSystemInteractions({ params, systems }: Interactions<this>): Promise<Shipment> {
    const { orderId, customerId, lines, cents } = params;
    await systems.users.verify({ id: customerId, orderId });
    await Promise.all(lines.map(({ sku, quantity }) => systems.inventory.reserve({ orderId, sku, quantity })));
    await systems.orders.create({ id: orderId, customerId, lines, cents });
    const { id: paymentId } = await systems.payments.charge({ orderId, cents });
    await systems.orders.confirm({ id: orderId, paymentId });
    const { trackingId } = await systems.orders.ship({ id: orderId });
    return { orderId, paymentId, trackingId };
  }
}
