/** How command classes get their parts from the host's container. */
import { Container, inject, injectable, injectFromBase } from 'inversify';
import {
  type Class,
  type CommandContext,
  command,
  embeddedEngine,
  PlainCommand,
  type SixfoldOptions,
  sixfoldModule,
  startSixfold,
} from '../../../src/index.js';
import { NoParams } from '../../support/application.js';
import { silent } from '../../support/engineHarness.js';

@injectable()
class Greeting {
  readonly text: string = 'hello';
}
class Loud extends Greeting {
  override readonly text = 'HELLO';
}
class Dependency {
  readonly name: string = 'a dependency without any decorator';
}

@command({ name: 'by-constructor', params: NoParams })
class ByConstructor extends PlainCommand<NoParams, string> {
  constructor(@inject(Greeting) private readonly greeting: Greeting) {
    super();
  }
  async run() {
    return this.greeting.text;
  }
}

@command({ name: 'by-property', params: NoParams })
class ByProperty extends PlainCommand<NoParams, string> {
  @inject(Greeting)
  private readonly greeting!: Greeting;

  async run() {
    return this.greeting.text;
  }
}

@injectable()
abstract class Base extends PlainCommand<NoParams, string> {
  @inject(Greeting)
  protected readonly greeting!: Greeting;

  constructor(@inject(Dependency) protected readonly dependency: Dependency) {
    super();
  }
}

@command({ name: 'from-base', params: NoParams })
@injectFromBase({ extendConstructorArguments: true, extendProperties: true })
class FromBase extends Base {
  async run() {
    return `${this.greeting.text} from ${this.dependency.name}`;
  }
}

@command({ name: 'undecorated', params: NoParams })
class Undecorated extends Base {
  async run() {
    return `${this.greeting?.text} from ${this.dependency?.name}`;
  }
}

@command({ name: 'further', params: NoParams })
class Further extends Undecorated {
  override async run() {
    return `further: ${await super.run()}`;
  }
}

@command({ name: 'own-constructor', params: NoParams })
class OwnConstructor extends Base {
  constructor() {
    super({ name: 'its own' });
  }
  async run() {
    return this.dependency.name;
  }
}

@command({ name: 'no-inject', params: NoParams })
class NoInject extends PlainCommand<NoParams, string> {
  constructor(private readonly greeting: Greeting) {
    super();
  }
  async run() {
    return this.greeting.text;
  }
}

@command({ name: 'unbound', params: NoParams })
class Unbound extends PlainCommand<NoParams, string> {
  constructor(@inject('somewhere else') private readonly text: string) {
    super();
  }
  async run(_params: NoParams, ctx: CommandContext) {
    return ctx.runId + this.text;
  }
}

function hostOf(commands: SixfoldOptions['commands'], parent?: Container): Container {
  const container = new Container(parent ? { parent } : {});
  container.load(sixfoldModule({ engine: embeddedEngine({ file: ':memory:' }), commands, logger: silent }));
  return container;
}

function bound(container: Container): Container {
  container.bind(Greeting).toSelf().inSingletonScope();
  container.bind(Dependency).toSelf();
  return container;
}

describe('a command class', () => {
  it.each<[Class<PlainCommand<NoParams, string>>, string]>([
    [ByConstructor, 'hello'],
    [ByProperty, 'hello'],
    [FromBase, 'hello from a dependency without any decorator'],
    [Undecorated, 'hello from a dependency without any decorator'],
    [Further, 'further: hello from a dependency without any decorator'],
    [OwnConstructor, 'its own'],
  ])('%p gets what it asks for', async (type, result) => {
    await using runner = await startSixfold(bound(hostOf([type])));
    expect(await runner.execute(type, {})).toBe(result);
  });

  it('with a parameter that has no @inject is refused when its module is loaded, with class, remedy and the container’s own words', async () => {
    expect(() => hostOf([NoInject])).toThrow(
      expect.objectContaining({
        code: 'COMMAND_NOT_RESOLVED',
        message: expect.stringMatching(/^The container cannot make NoInject: .*at least 1 arguments.* Put @inject\(…\) on every parameter/),
        cause: expect.any(Error),
      }),
    );
    expect(() => hostOf([NoInject])).not.toThrow('emitDecoratorMetadata');
  });

  it('whose dependency is not bound is refused before anything is recorded', async () => {
    await using runner = await startSixfold(bound(hostOf([Unbound])));
    await expect(runner.execute(Unbound, {})).rejects.toMatchObject({
      code: 'COMMAND_NOT_RESOLVED',
      message: expect.stringContaining('somewhere else'),
    });
    expect(await runner.runs()).toEqual([]);
  });
});

describe('a child container', () => {
  it('with a module of its own resolves the command in itself, and the parent does not notice', async () => {
    const parent = bound(hostOf([ByConstructor, ByProperty]));
    const child = hostOf([ByConstructor, ByProperty], parent);
    child.bind(Greeting).to(Loud);
    await using inChild = await startSixfold(child);
    await using inParent = await startSixfold(parent);
    for (const type of [ByConstructor, ByProperty] as Class<PlainCommand<NoParams, string>>[]) {
      expect([await inChild.execute(type, {}), await inParent.execute(type, {}), await inChild.execute(type, {})]).toEqual([
        'HELLO',
        'hello',
        'HELLO',
      ]);
    }
  });

  it('without a module is refused, since a runner belongs to one container', async () => {
    const parent = bound(hostOf([ByConstructor]));
    await expect(startSixfold(new Container({ parent }))).rejects.toMatchObject({ code: 'SIXFOLD_NOT_LOADED' });
  });
});

it("keeps the host's own binding of a command class", async () => {
  const container = bound(new Container());
  const made: ByConstructor[] = [];
  container.bind(ByConstructor).toDynamicValue(() => {
    const instance = new ByConstructor(new Loud());
    made.push(instance);
    return instance;
  });
  container.load(sixfoldModule({ engine: embeddedEngine({ file: ':memory:' }), commands: [ByConstructor], logger: silent }));
  await using runner = await startSixfold(container);
  expect(await runner.execute(ByConstructor, {})).toBe('HELLO');
  expect(made).toHaveLength(1);
});
