import type { CommandNames } from './CommandNames.js';

/** The systems of the command that `sixfold new command --saga` writes. */
export function sagaSystems({ command }: CommandNames): string {
  return `/** The systems of ${command}, in memory. Let them call your services; the command stays as it is. */
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
  @IsString()
  id!: string;

  @IsString()
  sku!: string;

  @IsInt()
  quantity!: number;
}

@system({ name: 'inventory', version: '1.0.0' })
export class Inventory extends System {
  /** What is reserved now, by id. */
  readonly reserved = new Map<string, Reservation>();

  /** Safe to repeat: every attempt of a step has the same key, and so gives the same reservation. */
  @operation({ input: ReserveStock, output: Reservation, undo: 'release' })
  async reserve({ sku, quantity }: ReserveStock, call: Call): Promise<Reservation> {
    const reservation = Object.assign(new Reservation(), { id: call.key, sku, quantity });
    this.reserved.set(reservation.id, reservation);
    return reservation;
  }

  /** Safe to repeat: what is released stays released. */
  @operation({ input: Reservation })
  async release(reservation: Reservation, _call: Call): Promise<void> {
    this.reserved.delete(reservation.id);
  }
}

export class Charge {
  @IsString()
  orderId!: string;

  @IsInt()
  @Min(1)
  cents!: number;
}

export class Payment {
  @IsString()
  id!: string;
}

@system({ name: 'payments', version: '1.0.0' })
export class Payments extends System {
  /** More is refused. */
  readonly limitCents = 100_000;
  /** What was charged, by id of the payment. */
  readonly charged = new Map<string, number>();

  /** Not safe to repeat: if its reply is lost, the probe is asked instead of charging twice. */
  @operation({ input: Charge, output: Payment, effect: 'once', probe: 'find', policy: { timeoutMs: 10_000 } })
  async charge({ orderId, cents }: Charge, _call: Call): Promise<Payment> {
    if (cents > this.limitCents) {
      throw new CommandFailure('SYSTEM_REFUSED', \`The charge of \${cents} cents for \${orderId} was refused.\`);
    }
    const payment = Object.assign(new Payment(), { id: \`payment-of-\${orderId}\` });
    this.charged.set(payment.id, cents);
    return payment;
  }

  /** The charge of an order; undefined promises that there is none, and never will be. */
  async find({ orderId }: Charge, _call: Call): Promise<Payment | undefined> {
    const payment = Object.assign(new Payment(), { id: \`payment-of-\${orderId}\` });
    return this.charged.has(payment.id) ? payment : undefined;
  }
}
`;
}
