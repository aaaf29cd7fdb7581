/** Sagas that execute other sagas: what a child did is taken back by another command. */
import { join } from 'node:path';
import { IsString } from 'class-validator';
import { type CommandContext, CommandFailure, command, PlainCommand } from '../../../src/index.js';
import { commandOf, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';

const folder = journalFolder();
const no = () => new CommandFailure('SYSTEM_REFUSED', 'no');
const told: string[] = [];
let refuseCancel = false;
beforeEach(() => {
  told.length = 0;
  refuseCancel = false;
});

class Trip {
  @IsString()
  name!: string;
}

class Booked {
  @IsString()
  id!: string;
}

@command({ name: 'book-trip', params: Trip, result: Booked })
class BookTrip extends PlainCommand<Trip, Booked> {
  async run({ name }: Trip, ctx: CommandContext): Promise<Booked> {
    const undo = async (seat: string) => {
      told.push(`free ${seat}`);
    };
    const seat = await ctx.step(
      'seat',
      async () => {
        told.push(`seat ${name}`);
        return `seat ${name}`;
      },
      { undo },
    );
    if (name === 'full') throw no();
    return { id: seat };
  }
}

@command({ name: 'cancel-trip', params: Booked })
class CancelTrip extends PlainCommand<Booked, void> {
  async run({ id }: Booked, ctx: CommandContext): Promise<void> {
    await ctx.step('cancel', async () => {
      if (refuseCancel) throw no();
      told.push(`cancel ${id}`);
    });
  }
}

const book = (ctx: CommandContext, name: string) =>
  ctx.execute(BookTrip, { name }, { key: name, undo: { command: CancelTrip, params: ({ id }) => ({ id }) } });

describe('a saga that executes others', () => {
  it('takes back what those did that had ended well, newest first; one that failed has undone itself', async () => {
    const Holiday = commandOf(async (ctx) => {
      await book(ctx, 'there');
      await book(ctx, 'back');
      await book(ctx, 'full');
    });
    await using runner = await open([Holiday, BookTrip, CancelTrip]);
    const outcome = await (await runner.start(Holiday, {})).outcome();
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['book-trip', 'book-trip'] });
    expect(told).toEqual(['seat there', 'seat back', 'seat full', 'free seat full', 'cancel seat back', 'cancel seat there']);
  });

  it('takes back what a child did also when it is cancelled, and lets that come to its end', async () => {
    const Holiday = commandOf(async (ctx) => {
      await book(ctx, 'there');
      await ctx.sleep(1e9);
    });
    await using runner = await open([Holiday, BookTrip, CancelTrip]);
    const run = await runner.start(Holiday, {});
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await run.cancel('rain');
    expect(await run.outcome()).toMatchObject({ status: 'cancelled', undone: ['book-trip'] });
    expect(told).toEqual(['seat there', 'cancel seat there']);
  });

  it('stops where that fails, and goes on once the child was mended', async () => {
    refuseCancel = true;
    const Holiday = commandOf<void>(async (ctx) => {
      await book(ctx, 'there');
      throw no();
    });
    await using runner = await open([Holiday, BookTrip, CancelTrip], { engine: { file: join(folder, 'stops.db') } });
    const run = await runner.start(Holiday, {});
    await expect(run.outcome()).rejects.toMatchObject({ code: 'UNDO_FAILED' });
    refuseCancel = false;
    const failed = (await runner.runs()).find(({ command: name }) => name === 'cancel-trip');
    await (await runner.reopen(failed?.id ?? '')).outcome();
    const outcome = await (await runner.resume(run.id)).outcome();
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['book-trip'] });
    expect(told).toEqual(['seat there', 'cancel seat there']);
  });
});
