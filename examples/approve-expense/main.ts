/** Two processes after one another, over one journal: what the first began to wait for, the second is told. Run it with `npm run example:approve-expense`. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Container } from 'inversify';
import { embeddedEngine, type Logger, sixfoldModule, startSixfold } from 'sixfold';
import { ApproveExpense } from './ApproveExpense.js';
import { Budget } from './Budget.js';

export async function approveExpenses(print: (line: string) => void, logger?: Logger): Promise<void> {
  const file = join(mkdtempSync(join(tmpdir(), 'approve-expense-')), 'expenses.db');
  const budget = new Budget(1000);
  const start = () => {
    const container = new Container();
    container.bind(Budget).toConstantValue(budget);
    container.load(sixfoldModule({ engine: embeddedEngine({ file }), commands: [ApproveExpense], ...(logger ? { logger } : {}) }));
    return startSixfold(container);
  };

  const first = await start();
  const runs = [
    await first.start(ApproveExpense, { id: 'laptop', amount: 700 }),
    await first.start(ApproveExpense, { id: 'yacht', amount: 300 }),
  ];
  const [laptop = '', yacht = ''] = runs.map(({ id }) => id);
  for (const run of runs) for await (const event of run.progress()) if (event.type === 'step-ended' && event.step === 'hold') break;
  print(`held 1000 of 1000, ${budget.available} available`);
  await first[Symbol.asyncDispose](); // The process ends; nothing of the runs is left but the journal.

  await using second = await start();
  print(`the laptop ${JSON.stringify(await second.query(laptop))}`);
  await second.notify(laptop, 'approval', { granted: true, by: 'Ada' });
  await second.notify(yacht, 'approval', { granted: false, by: 'Ada' });
  print(await (await second.resume(laptop)).result().then(String));
  const outcome = await (await second.resume(yacht)).outcome();
  print(
    `the yacht ended ${outcome.status}${outcome.status === 'completed' ? '' : `: ${outcome.error.message}`} ${outcome.undone.join()} undone, ${budget.available} available`,
  );
}
