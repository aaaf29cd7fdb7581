/** An application in plain JavaScript for tests of the command line: gates that wait, a child, an authorizer, a stubborn program. */

/** The text of a module that exports its container. Its journal is `shop.db` in the working folder. */
export const SHOP_APPLICATION = `
import { IsOptional, IsString } from 'class-validator';
import { Container } from 'inversify';
import { command, CommandFailure, embeddedEngine, field, PlainCommand, ProcessChannel, sixfoldModule } from 'sixfold';

const GATE = "stock is 'consistent'";
const DAY_MS = 86_400_000;

class ShipParams {}
for (const name of ['customer', 'password', 'stripe']) {
  IsString()(ShipParams.prototype, name);
  IsOptional()(ShipParams.prototype, name);
}
field({ secret: true })(ShipParams.prototype, 'stripe');

class Ship extends PlainCommand {
  async run(params, ctx) {
    await ctx.activity('packing', () => ctx.step('pack box.large', async () => 'packed'));
    await ctx.gate('paid', () => true);
    await ctx.gate(GATE, () => ({ passed: false, found: 'two missing' }), { overrideWithinMs: DAY_MS });
    await ctx.step('print <b>label</b> | \`x\`', () => Promise.reject(new CommandFailure('SYSTEM_REFUSED', 'no paper'))).catch(() => undefined);
    return { shipped: 3, to: params.customer ?? null, by: ctx.principal };
  }
}
command({ name: 'ship', params: ShipParams })(Ship);

class NoParams {}

class Day extends PlainCommand {
  async run(_params, ctx) {
    const shipped = await ctx.execute(Ship, { customer: 'ada' });
    return { shipped, closed: await ctx.step('close', async () => true) };
  }
}
command({ name: 'day', params: NoParams })(Day);

class Sit extends PlainCommand {
  async run(_params, ctx) {
    const program = "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000); require('node:fs').writeFileSync('up', '');";
    await ctx.step('sit', (call) => new ProcessChannel().run({ file: process.execPath, args: ['-e', program], cwd: process.cwd() }, call));
  }
}
command({ name: 'sit', params: NoParams })(Sit);

const authorizer = {
  authorize: ({ principal, command: name }) => (principal?.user === 'eve' ? { refused: \`eve may not run \${name}\` } : 'allowed'),
};

export default () => {
  const container = new Container();
  container.load(sixfoldModule({ engine: embeddedEngine({ file: 'shop.db' }), commands: [Ship, Day, Sit], authorizer }));
  return container;
};
`;

/** The gate of `ship` that does not pass. */
export const SHOP_GATE = "stock is 'consistent'";
