/** What `sixfold new command --saga` writes: a command over two systems, of which the first one's work is undone when the second refuses. */
import type { CommandNames } from './CommandNames.js';

export function sagaCommand({ command, type }: CommandNames): string {
  return `import { inject } from 'inversify';
import { command, type Interactions, SagaCommand, scope } from 'sixfold';
import { Inventory, Payments } from './Systems.js';
import { ${type}Params } from './${type}Params.js';

export interface ${type}Result {
  reservationId: string;
  paymentId: string;
}

@command({
  name: '${command}',
  params: ${type}Params,
  description: 'Reserve stock for an order, then charge it.',
})
export class ${type} extends SagaCommand<${type}Params, ${type}Result> {
  @inject(Inventory) private readonly inventory!: Inventory;
  @inject(Payments) private readonly payments!: Payments;

  /** Once the charge has happened, nothing is undone any more. */
  defineOrchestrationScope() {
    return scope({
      systems: { inventory: this.inventory, payments: this.payments },
      after: { payments: ['inventory'] },
      pivot: 'payments.charge',
    });
  }

  /** What is reserved is released by the run itself when the charge is refused: the operation says how. */
  async coordinateSystemInteractions({ params, systems }: Interactions<this>): Promise<${type}Result> {
    const { orderId, sku, quantity, cents } = params;
    const reservation = await systems.inventory.reserve({ sku, quantity });
    const payment = await systems.payments.charge({ orderId, cents });
    return { reservationId: reservation.id, paymentId: payment.id };
  }
}
`;
}

export function sagaParams({ command, type }: CommandNames): string {
  return `import { IsInt, IsNotEmpty, IsString, Min } from 'class-validator';
import { type Default, field } from 'sixfold';

/** What \`sixfold run ${command}\` takes: an argument or a flag for each field, checked by its rules. */
export class ${type}Params {
  @field({ description: 'number of the order', positional: 0 })
  @IsString()
  @IsNotEmpty()
  orderId!: string;

  @field({ description: 'article' })
  @IsString()
  @IsNotEmpty()
  sku!: string;

  @field({ description: 'how many of it' })
  @IsInt()
  @Min(1)
  quantity: Default<number> = 1;

  @field({ description: 'price of the order in cents' })
  @IsInt()
  @Min(1)
  cents!: number;
}
`;
}
