/** What must not compile. Each line below an expectation is an error of the compiler, or this file is. */
import { IsString } from 'class-validator';
import {
  type Call,
  type CommandContext,
  CommandMiddleware,
  type CommandRunner,
  command,
  type EventContext,
  type Interactions,
  OrchestrationCommand,
  type OrchestrationScope,
  operation,
  PlainCommand,
  System,
  scope,
} from 'sixfold';

class Ask {
  @IsString()
  text!: string;
}
class Answer {
  text!: string;
}
class Other {
  @IsString()
  number!: string;
}
class Heard {
  words!: number;
}

class Oracle extends System {
  @operation({ input: Ask, output: Answer })
  async answer(ask: Ask, _call: Call): Promise<Answer> {
    return { text: ask.text };
  }

  @operation({})
  async sleep(_call: Call): Promise<void> {}

  // @ts-expect-error an operation takes `call: Call` last
  @operation({ input: Ask, output: Answer })
  async forgetful(ask: Ask): Promise<Answer> {
    return ask;
  }

  // @ts-expect-error an operation whose return type is any would be any in every command
  @operation({ input: Ask, output: Answer })
  // biome-ignore lint/suspicious/noExplicitAny: the case
  async anything(_ask: Ask, _call: Call): Promise<any> {}

  // @ts-expect-error the output is not what was declared
  @operation({ input: Ask, output: Answer })
  async wrong(_ask: Ask, _call: Call): Promise<number> {
    return 1;
  }

  /** Undone with its output. */
  @operation({ input: Ask, output: Answer, undo: 'forget' })
  async tell(_ask: Ask, _call: Call): Promise<Answer> {
    return { text: '' };
  }

  @operation({ input: Answer })
  async forget(_answer: Answer, _call: Call): Promise<void> {}

  @operation({
    input: Ask,
    output: Answer,
    undo: { operation: 'forget', from: ({ input, output }) => ({ text: input.text + output.text }) },
  })
  async say(_ask: Ask, _call: Call): Promise<Answer> {
    return { text: '' };
  }

  @operation({ input: Ask, undo: { operation: 'forget', byKey: ({ key }) => ({ text: key }) }, fallback: 'whisper' })
  async shout(_ask: Ask, _call: Call): Promise<void> {}

  @operation({ input: Ask })
  async whisper(_ask: Ask, _call: Call): Promise<void> {}

  @operation({ input: Ask, output: Answer, effect: 'once', probe: 'wasTold' })
  async tellOnce(_ask: Ask, _call: Call): Promise<Answer> {
    return { text: '' };
  }

  async wasTold(_ask: Ask, _call: Call): Promise<Answer | undefined> {
    return undefined;
  }

  // @ts-expect-error there is no method to undo it with
  @operation({ input: Ask, output: Answer, undo: 'forgett' })
  async misspelt(_ask: Ask, _call: Call): Promise<Answer> {
    return { text: '' };
  }

  // @ts-expect-error the undo takes something else than the output
  @operation({ input: Ask, output: Heard, undo: 'forget' })
  async other(_ask: Ask, _call: Call): Promise<Heard> {
    return { words: 1 };
  }

  // @ts-expect-error there is no method to undo it with, also where its input is made
  @operation({ input: Ask, undo: { operation: 'forgett', byKey: ({ key }) => ({ text: key }) } })
  async misspeltToo(_ask: Ask, _call: Call): Promise<void> {}

  // @ts-expect-error the undo takes something else than what is made for it
  @operation({ input: Ask, output: Answer, undo: { operation: 'forget', from: () => ({ wrong: 1 }) } })
  async ill(_ask: Ask, _call: Call): Promise<Answer> {
    return { text: '' };
  }

  /** Where it gave nothing there is nothing to undo. */
  @operation({ input: Ask, output: Answer, nullable: true, undo: 'forget' })
  async perhaps(_ask: Ask, _call: Call): Promise<Answer | undefined> {
    return undefined;
  }

  // @ts-expect-error a probe gives the output or undefined
  @operation({ input: Ask, output: Answer, effect: 'once', probe: 'helper' })
  async unprobed(_ask: Ask, _call: Call): Promise<Answer> {
    return { text: '' };
  }

  // @ts-expect-error a fallback gives the same output
  @operation({ input: Ask, output: Answer, fallback: 'whisper' })
  async unreplaced(_ask: Ask, _call: Call): Promise<Answer> {
    return { text: '' };
  }

  helper(): void {}
}

@command({ name: 'consult', params: Ask, result: Answer })
export class Consult extends OrchestrationCommand<Ask, Answer> {
  private readonly oracle = new Oracle();

  defineOrchestrationScope() {
    // @ts-expect-error the pivot is no operation of the scope
    scope({ systems: { oracle: this.oracle }, pivot: 'oracle.tel' });
    scope({ systems: { oracle: this.oracle }, pivot: 'oracle.tell', versions: { oracle: '^1.0.0' } });
    return scope({ systems: { oracle: this.oracle }, optional: { second: this.oracle }, events: { heard: Heard } });
  }

  async coordinateSystemInteractions({ systems, params }: Interactions<this>): Promise<Answer> {
    await systems.oracle.sleep();
    await systems.oracle.tell(params, { undo: async ({ text }) => text });
    // @ts-expect-error the undo is given the output
    void systems.oracle.tell(params, { undo: async ({ words }) => words });
    // @ts-expect-error no such operation
    void systems.oracle.anwser(params);
    // @ts-expect-error a method that is no operation
    void systems.oracle.helper();
    // @ts-expect-error no such system
    void systems.orakel;
    // @ts-expect-error a direct call, which the journal would not see, lacks its call
    void this.oracle.answer(params);
    const second = await systems.second.answer(params);
    // @ts-expect-error an optional system may be absent
    void second.text;
    return systems.oracle.answer(params);
  }

  async manageOrchestrationState() {
    return { consistent: true };
  }

  async handleOrchestrationEvents({ event }: EventContext<this>) {
    const words: number = event.data.words;
    // @ts-expect-error no such event
    if (event.type === 'seen') return 'ignored' as const;
    return words > 0 ? ('handled' as const) : ('ignored' as const);
  }
}

// @ts-expect-error the params class is not the command's
@command({ name: 'wrong-params', params: Other, result: Answer })
export class WrongParams extends PlainCommand<Ask, Answer> {
  async run(params: Ask): Promise<Answer> {
    return params;
  }
}

// @ts-expect-error the result class is not the command's
@command({ name: 'wrong-result', params: Ask, result: Heard })
export class WrongResult extends PlainCommand<Ask, Answer> {
  async run(params: Ask): Promise<Answer> {
    return params;
  }
}

export class Overrides extends PlainCommand<Ask, Answer> {
  // @ts-expect-error Sixfold drives the command
  override async execute(): Promise<void> {}

  async run(params: Ask): Promise<Answer> {
    return params;
  }
}

// @ts-expect-error three hooks are missing
export class Half extends OrchestrationCommand<Ask, Answer> {
  defineOrchestrationScope() {
    return scope({ systems: {} });
  }
}

export abstract class Erased extends OrchestrationCommand<Ask, Answer> {
  // @ts-expect-error annotating the hook with the bare type would erase the systems
  abstract override defineOrchestrationScope(): OrchestrationScope;
}

export async function inside(ctx: CommandContext): Promise<void> {
  const answer = await ctx.execute(Consult, { text: 'why' });
  void answer.text;
  // @ts-expect-error the params are not those of the child
  await ctx.execute(Consult, { number: '1' });
  // @ts-expect-error the result of the child has no such field
  void answer.number;
  // @ts-expect-error a check gives a verdict
  await ctx.gate('no verdict', () => 'fine');
  // @ts-expect-error a gate is an error or a warning
  await ctx.gate('severity', () => true, { severity: 'info' });
  // @ts-expect-error only what can be disposed of can be used
  ctx.use({ close: () => undefined });
  const heard = await ctx.waitFor('heard', { schema: Heard });
  const words: number = heard.words;
  // @ts-expect-error the value has no such field
  void heard.text;
  // @ts-expect-error a wait says of which class the value is
  await ctx.waitFor('heard', {});
  // @ts-expect-error a signal is an object
  await ctx.notify('heard', words);
  // @ts-expect-error the undo takes what the step gives
  await ctx.step('take', async () => words, { undo: async (output: string) => output });
  await ctx.step('take', async () => words, { undo: async (output) => output.toFixed() });
  // @ts-expect-error the probe gives what the step gives
  await ctx.step('take', async () => words, { effect: 'once', probe: async () => 'taken' });
  // @ts-expect-error a policy says how often
  await ctx.step('take', async () => words, { retry: { backoffMs: 100 } });
  const run: string = await ctx.start(Consult, { text: 'why' });
  // @ts-expect-error the params are not those of the command
  await ctx.start(Consult, { number: run });
  const part: number = await ctx.branch('part', async () => words);
  void part;
}

export class Endless extends PlainCommand<Ask, Answer> {
  async run({ text }: Ask, ctx: CommandContext): Promise<Answer> {
    return ctx.continueAs({ text });
  }
}

// @ts-expect-error the key of a queue is made of the params
@command({ name: 'queued', params: Ask, result: Answer, queue: { concurrency: 1, key: ({ number }) => number } })
export class Queued extends PlainCommand<Ask, Answer> {
  async run(params: Ask): Promise<Answer> {
    return params;
  }
}

// @ts-expect-error no such phase
@command({ name: 'wrong-phase', params: Ask, result: Answer, phaseTimeoutsMs: { lunch: 1 } })
export class WrongPhase extends PlainCommand<Ask, Answer> {
  async run(params: Ask): Promise<Answer> {
    return params;
  }

  // @ts-expect-error the result that is verified is that of the command
  override async verify(_result: Heard): Promise<void> {}
}

export class Nosy extends CommandMiddleware {
  // @ts-expect-error the params of any command are not text
  override before(invocation: { readonly params: string }): void {
    void invocation;
  }
}

export async function calls(runner: CommandRunner): Promise<void> {
  const answer = await runner.execute(Consult, { text: 'why' });
  void answer.text;
  // @ts-expect-error the params are not those of the command
  await runner.execute(Consult, { number: '1' });
  // @ts-expect-error the result has no such field
  void answer.number;
  const run = await runner.start(Consult, { text: 'why' }, { priority: 7 });
  await run.notify('heard', { words: 7 }, { token: 'once' });
  // @ts-expect-error a fork begins at a record or a step
  await runner.fork(run.id, 7);
  // @ts-expect-error runs or their bodies are pruned
  await runner.prune({ endedBefore: new Date(), what: 'everything' });
  const outcome = await run.outcome();
  // @ts-expect-error a compensated run has no result
  if (outcome.status === 'compensated') void outcome.result;
}
