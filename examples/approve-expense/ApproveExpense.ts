import { IsBoolean, IsInt, IsString, Min } from 'class-validator';
import { inject } from 'inversify';
import { type CommandContext, command, PlainCommand } from 'sixfold';
import { Budget, Busy } from './Budget.js';

export class Expense {
  @IsString()
  id!: string;

  @IsInt()
  @Min(1)
  amount!: number;
}

class Approval {
  @IsBoolean()
  granted!: boolean;

  @IsString()
  by!: string;
}

const DAY_MS = 86_400_000;

/** Holds the money, waits for somebody's word for days if need be, and gives it back when there is none. */
@command({ name: 'approve-expense', params: Expense, description: 'Pay an expense once somebody has approved it.' })
export class ApproveExpense extends PlainCommand<Expense, string> {
  constructor(@inject(Budget) private readonly budget: Budget) {
    super();
  }

  async run({ id, amount }: Expense, ctx: CommandContext): Promise<string> {
    const hold = await ctx.step('hold', ({ key }) => this.budget.hold(amount, key), {
      retry: { attemptsMax: 5, backoffMs: 20, on: [Busy] },
      undo: (key) => this.budget.release(key),
    });
    ctx.publish({ expense: id, waitsFor: 'approval' });
    const { granted, by } = await ctx.waitFor('approval', { schema: Approval, timeoutMs: 7 * DAY_MS });
    if (!granted) throw new Error(`${by} did not approve ${id}.`);
    return ctx.step('pay', () => this.budget.pay(hold, `${id}, approved by ${by}`));
  }
}
