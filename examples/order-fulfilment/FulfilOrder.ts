import { IsString } from 'class-validator';
import { inject } from 'inversify';
import { command, type Interactions, SagaCommand, scope } from 'sixfold';
import { Inventory, Orders, Parcel, Payments, Purchase, Users } from './systems.js';

export class Shipment extends Parcel {
  @IsString() paymentId!: string;
}

@command({ name: 'fulfil-order', params: Purchase, result: Shipment, description: 'Reserve, charge and ship an order.' })
export class FulfilOrder extends SagaCommand<Purchase, Shipment> {
  @inject(Users) private readonly users!: Users;
  @inject(Inventory) private readonly inventory!: Inventory;
  @inject(Orders) private readonly orders!: Orders;
  @inject(Payments) private readonly payments!: Payments;

  defineOrchestrationScope() {
    const { users, inventory, orders, payments } = this;
    return scope({ systems: { users, inventory, orders, payments }, pivot: 'payments.charge' });
  }

  async coordinateSystemInteractions({ params, systems }: Interactions<this>): Promise<Shipment> {
    const { orderId, lines, cents } = params;
    await systems.users.verify(params);
    await Promise.all(lines.map(({ sku, quantity }) => systems.inventory.reserve({ orderId, sku, quantity })));
    await systems.orders.create(params);
    const { id: paymentId } = await systems.payments.charge({ orderId, cents });
    await systems.orders.confirm({ orderId, paymentId });
    const { trackingId } = await systems.orders.ship({ orderId });
    return { orderId, paymentId, trackingId };
  }
}
