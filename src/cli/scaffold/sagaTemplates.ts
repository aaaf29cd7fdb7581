/** What `sixfold new command --saga` writes: a command over two systems that takes back the first one's work by hand. */
import type { CommandNames } from './CommandNames.js';

export function sagaCommand({ command, type }: CommandNames): string {
  return `import { inject } from 'inversify';
import {
  CommandFailure,
  command,
  type EventHandlingResults,
  type Interactions,
  OrchestrationCommand,
  type StateManagementResults,
  scope,
} from 'sixfold';
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
export class ${type} extends OrchestrationCommand<${type}Params, ${type}Result> {
  constructor(
    @inject(Inventory) private readonly inventory: Inventory,
    @inject(Payments) private readonly payments: Payments,
  ) {
    super();
  }

  defineOrchestrationScope() {
    return scope({
      systems: { inventory: this.inventory, payments: this.payments },
      after: { payments: ['inventory'] },
    });
  }

  async coordinateSystemInteractions({ params, systems }: Interactions<this>): Promise<${type}Result> {
    const { orderId, sku, quantity, cents } = params;
    const reservation = await systems.inventory.reserve({ sku, quantity });
    try {
      const payment = await systems.payments.charge({ orderId, cents });
      return { reservationId: reservation.id, paymentId: payment.id };
    } catch (error) {
      // Only a CommandFailure is a definite no. After anything else the charge may have happened, or the run was
      // cancelled: the reservation stays, and somebody has to look.
      if (error instanceof CommandFailure) await systems.inventory.release(reservation);
      throw error;
    }
  }

  /** Says whether the systems agree now; \`consistent: false\` fails the run. */
  async manageOrchestrationState(): Promise<StateManagementResults> {
    return { consistent: true };
  }

  /** Answers the events that the scope declares; there are none yet. */
  async handleOrchestrationEvents(): Promise<EventHandlingResults> {
    return 'ignored';
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
