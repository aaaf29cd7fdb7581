/** Two systems of a shop. A real one would talk to a service or a database; what a command sees is the same. */
import { IsInt, IsString, Min } from 'class-validator';
import { type Call, CommandFailure, operation, System, system } from 'sixfold';

export class ReserveStock {
  @IsString()
  sku!: string;

  @IsInt()
  @Min(1)
  quantity!: number;
}

export class Reservation {
  id!: string;
  sku!: string;
}

export class StockLow {
  sku!: string;
  left!: number;
}

@system({ name: 'inventory', version: '1.2.0' })
export class Inventory extends System {
  private readonly stock = new Map([
    ['bolt', 100],
    ['nut', 3],
  ]);
  private readonly reserved = new Map<string, Reservation>();

  /** Safe to repeat: the same key gives the same reservation. */
  @operation({ input: ReserveStock, output: Reservation })
  async reserve(request: ReserveStock, call: Call): Promise<Reservation> {
    const known = this.reserved.get(call.key);
    if (known) return known;
    const left = (this.stock.get(request.sku) ?? 0) - request.quantity;
    if (left < 0) throw new CommandFailure('SYSTEM_UNAVAILABLE', `There is not enough of ${request.sku}.`);
    this.stock.set(request.sku, left);
    const reservation = Object.assign(new Reservation(), { id: `R-${this.reserved.size + 1}`, sku: request.sku });
    this.reserved.set(call.key, reservation);
    if (left < 5) call.emit('stock-low', { sku: request.sku, left });
    return reservation;
  }
}

export class Charge {
  orderId!: string;
  cents!: number;
}

export class Payment {
  id!: string;
}

@system({ name: 'payments', version: '3.0.1' })
export class Payments extends System {
  /** Not safe to repeat: if its reply is lost, the run stops as unknown instead of charging twice. */
  @operation({ input: Charge, output: Payment, effect: 'once', policy: { timeoutMs: 10_000 } })
  async charge(charge: Charge, _call: Call): Promise<Payment> {
    return Object.assign(new Payment(), { id: `P-${charge.orderId}` });
  }
}
