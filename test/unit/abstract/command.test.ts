import { IsString } from 'class-validator';
import { Container } from 'inversify';
import { type AnyCommand, type Class, command, embeddedEngine, PlainCommand, sixfoldModule, startSixfold } from '../../../src/index.js';
import { silent } from '../../support/engineHarness.js';

class Params {
  @IsString()
  text!: string;
}

async function starting(...commands: Class<AnyCommand>[]): Promise<unknown> {
  const container = new Container();
  container.load(sixfoldModule({ engine: embeddedEngine({ file: ':memory:' }), commands, logger: silent }));
  await using runner = await startSixfold(container);
  const [first] = commands;
  if (first) await runner.execute(first, { text: 'x' } as never);
  return undefined;
}

@command({ name: 'fine', params: Params })
class Fine extends PlainCommand<Params, string> {
  async run({ text }: Params): Promise<string> {
    return text;
  }
}

describe('the base names the mistake', () => {
  it('of a class without @command, also when its base has one', async () => {
    class Bare extends Fine {}
    await expect(starting(Bare)).rejects.toMatchObject({
      code: 'COMMAND_NOT_DECLARED',
      message: expect.stringContaining('Bare has no @command of its own'),
    });
  });

  it('of a name that is none', async () => {
    @command({ name: 'Not A Name', params: Params })
    class Named extends Fine {}
    await expect(starting(Named)).rejects.toMatchObject({ code: 'COMMAND_NAME_INVALID' });
  });

  it('of two commands of one name', async () => {
    @command({ name: 'fine', params: Params })
    class Twin extends Fine {}
    await expect(starting(Fine, Twin)).rejects.toMatchObject({ code: 'COMMAND_TWICE', message: expect.stringContaining('Twin and Fine') });
  });

  it('of a method that would replace the driver', async () => {
    @command({ name: 'driver', params: Params })
    class Driver extends Fine {}
    Object.defineProperty(Driver.prototype, 'execute', { value: () => undefined });
    await expect(starting(Driver)).rejects.toMatchObject({ code: 'DRIVER_OVERRIDDEN', message: expect.stringContaining('Driver.execute') });
  });

  it('of a field that would replace the driver, which only an instance shows', async () => {
    @command({ name: 'driver-field', params: Params })
    class DriverField extends Fine {
      constructor() {
        super();
        Object.assign(this, { execute: () => undefined });
      }
    }
    await expect(starting(DriverField)).rejects.toMatchObject({ code: 'DRIVER_OVERRIDDEN' });
  });

  it('of a params field without a rule', async () => {
    class Loose extends Params {
      colour = 'red';
    }
    @command({ name: 'loose', params: Loose })
    class LooseCommand extends PlainCommand<Loose, void> {
      async run(): Promise<void> {}
    }
    await expect(starting(LooseCommand)).rejects.toMatchObject({
      code: 'PARAMS_WITHOUT_RULES',
      message: expect.stringContaining('Loose.colour of LooseCommand has no class-validator rule'),
    });
  });
});
