/** The commands of the workers on a cluster: all that they do is kept by a ledger outside. */
import { IsBoolean, IsInt, IsString } from 'class-validator';
import { type Call, type Class, type CommandContext, command, PlainCommand } from '../../../src/index.js';
import type { LedgerClient } from './Ledger.js';

export class Order {
  @IsString()
  id!: string;

  /** It fails when all is done, and everything is undone. */
  @IsBoolean()
  fails!: boolean;

  @IsInt()
  pauseMs!: number;
}

class Parcel {
  @IsString()
  id!: string;
}

export class Go {
  @IsInt()
  n!: number;
}

/** What an order does, in groups that come one after the other; those of a group come together. */
export const STAGES: readonly (readonly string[])[] = [
  ['reserve'],
  ['charge'],
  ['pick 1'],
  ['pick 2'],
  ['box', 'label', 'bag'],
  ['pack'],
  ['load'],
  ['ship'],
];
/** Longer than a request takes on busy cores; a probe of what was interrupted waits for it. */
const ONCE_MS = 2000;

/** @param version of the quotation, whose code is another one in each */
export function clusterCommands(ledger: LedgerClient, version = '1') {
  class Pack extends PlainCommand<Parcel, number> {
    run({ id }: Parcel, ctx: CommandContext): Promise<number> {
      return ctx.step('pack', (call) => ledger.act(id, 'pack', call));
    }
  }
  command({ name: 'pack', params: Parcel })(Pack);

  class Unpack extends PlainCommand<Parcel, number> {
    run({ id }: Parcel, ctx: CommandContext): Promise<number> {
      return ctx.step('unpack', (call) => ledger.act(id, 'undo pack', call));
    }
  }
  command({ name: 'unpack', params: Parcel })(Unpack);

  /** A saga: gives the receipts of all that it did. */
  class Deliver extends PlainCommand<Order, number[]> {
    async run({ id, fails, pauseMs }: Order, ctx: CommandContext): Promise<number[]> {
      const undo = (step: string) => (_receipt: number, call: Call) => ledger.act(id, `undo ${step}`, call);
      const act = (step: string) => ctx.step(step, (call) => ledger.act(id, step, call), { undo: undo(step) });
      const surely = { effect: 'once', timeoutMs: ONCE_MS, probe: (call: Call) => ledger.find(call), retry: { attemptsMax: 10 } } as const;
      const once = (step: string, more = {}) =>
        ctx.step(step, (call) => ledger.act(id, step, call, { once: true }), { ...surely, ...more });
      const receipts = [await act('reserve'), await once('charge', { undo: undo('charge') })];
      await ctx.sleep(pauseMs);
      receipts.push(await act('pick 1'), await act('pick 2'));
      receipts.push(...(await Promise.all(['box', 'label', 'bag'].map(act))));
      receipts.push(await ctx.execute(Pack, { id }, { undo: { command: Unpack, params: () => ({ id }) } }));
      await ctx.waitFor('go', { schema: Go });
      receipts.push(await act('load'));
      if (fails) throw new Error('as planned');
      return [...receipts, await once('ship')];
    }
  }
  command({ name: 'deliver', params: Order })(Deliver);

  return { Deliver, Pack, Unpack, Quote: quotation(ledger, version) };
}

/** Does, waits for somebody, and does more: with other steps in each version. */
function quotation(ledger: LedgerClient, version: string): Class<PlainCommand<Parcel, string>> {
  class Quote extends PlainCommand<Parcel, string> {
    async run({ id }: Parcel, ctx: CommandContext): Promise<string> {
      const act = (step: string) => ctx.step(step, (call) => ledger.act(id, step, call));
      await act(`ask ${version}`);
      const { n } = await ctx.waitFor('go', { schema: Go });
      await act(`tell ${version}`);
      return `${n} by version ${version}`;
    }
  }
  command({ name: 'quote', params: Parcel, version })(Quote);
  return Quote;
}
