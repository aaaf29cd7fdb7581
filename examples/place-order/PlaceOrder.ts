import { ArrayNotEmpty, IsArray, IsInt, IsString, Min } from 'class-validator';
import { inject } from 'inversify';
import {
  command,
  type Default,
  type EventContext,
  type EventHandlingResults,
  field,
  type Interactions,
  OrchestrationCommand,
  type StateManagementResults,
  scope,
} from 'sixfold';
import { Inventory, Payments, StockLow } from './systems.js';

export class PlaceOrderParams {
  @field({ description: 'number of the order', positional: 0 })
  @IsString()
  orderId!: string;

  @field({ description: 'articles, one of each' })
  @IsArray()
  @ArrayNotEmpty()
  @IsString({ each: true })
  skus!: string[];

  @field({ description: 'price of one article in cents' })
  @IsInt()
  @Min(1)
  cents: Default<number> = 500;
}

export class Receipt {
  orderId!: string;
  reservations!: readonly string[];
  paymentId!: string;
}

@command({ name: 'place-order', params: PlaceOrderParams, result: Receipt, description: 'Reserve the articles of an order, then charge.' })
export class PlaceOrder extends OrchestrationCommand<PlaceOrderParams, Receipt> {
  constructor(
    @inject(Inventory) private readonly inventory: Inventory,
    @inject(Payments) private readonly payments: Payments,
  ) {
    super();
  }

  defineOrchestrationScope() {
    return scope({
      systems: { inventory: this.inventory, payments: this.payments },
      events: { 'stock-low': StockLow },
      after: { payments: ['inventory'] },
    });
  }

  async coordinateSystemInteractions({ params, systems }: Interactions<this>): Promise<Receipt> {
    const reservations = await Promise.all(params.skus.map((sku) => systems.inventory.reserve({ sku, quantity: 1 })));
    const payment = await systems.payments.charge({ orderId: params.orderId, cents: params.cents * params.skus.length });
    return Object.assign(new Receipt(), {
      orderId: params.orderId,
      reservations: reservations.map(({ id }) => id),
      paymentId: payment.id,
    });
  }

  async manageOrchestrationState(): Promise<StateManagementResults> {
    return { consistent: true };
  }

  async handleOrchestrationEvents({ event, ctx }: EventContext<this>): Promise<EventHandlingResults> {
    ctx.log.warn(`only ${event.data.left} of ${event.data.sku} left`);
    return 'handled';
  }
}
