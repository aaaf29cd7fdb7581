/** What must not compile of operations without a body. Each line below an expectation is an error of the compiler, or this file is. */
import { IsInt, IsString } from 'class-validator';
import { inject } from 'inversify';
import { type Call, type Channel, command, type Interactions, operation, type Remote, SagaCommand, System, scope } from 'sixfold';

class Ask {
  @IsString()
  text!: string;
}
class Answer {
  @IsString()
  said!: string;
}
class LongAnswer extends Answer {
  @IsInt()
  words!: number;
}

class Oracle extends System {
  @inject('oracle') declare readonly channel: Channel;

  @operation({ input: Ask, output: Answer, via: 'POST /answers' })
  declare answer: Remote<Ask, Answer>;

  @operation({})
  declare sleep: Remote<never>;

  @operation({ output: Answer })
  declare wake: Remote<never, Answer>;

  @operation({ input: Answer })
  declare forget: Remote<Answer>;

  /** Operations name one another, whether they have a body or not. */
  @operation({ input: Ask, output: Answer, undo: 'forget', fallback: 'answer', effect: 'once', probe: 'wasTold' })
  async tell(ask: Ask, _call: Call): Promise<Answer> {
    return { said: ask.text };
  }

  @operation({ input: Ask, output: Answer, undo: 'unsay', fallback: 'tell', effect: 'once', probe: 'wasTold' })
  declare say: Remote<Ask, Answer>;

  @operation({ input: Answer })
  async unsay(_answer: Answer, _call: Call): Promise<void> {}

  @operation({ input: Ask, output: Answer, effect: 'read', nullable: true })
  declare wasTold: Remote<Ask, Answer | undefined>;

  @operation({
    input: Ask,
    output: Answer,
    undo: { operation: 'forget', from: ({ input, output }) => ({ said: input.text + output.said }) },
  })
  declare shout: Remote<Ask, Answer>;

  @operation({ input: Ask, undo: { operation: 'forget', byKey: ({ input, key }) => ({ said: input.text + key }) } })
  declare whisper: Remote<Ask>;

  // @ts-expect-error the input is not that of the decorator
  @operation({ input: Ask, output: Answer })
  declare wrongInput: Remote<Answer, Answer>;

  // @ts-expect-error the output is not that of the decorator
  @operation({ input: Ask, output: Answer })
  declare wrongOutput: Remote<Ask, Ask>;

  // @ts-expect-error fields that the class of the output does not have are left out of a reply
  @operation({ input: Ask, output: Answer })
  declare moreThanChecked: Remote<Ask, LongAnswer>;

  // @ts-expect-error without an output nothing comes back
  @operation({ input: Ask })
  declare unchecked: Remote<Ask, Answer>;

  // @ts-expect-error the decorator has an output
  @operation({ input: Ask, output: Answer })
  declare unused: Remote<Ask>;

  // @ts-expect-error the decorator has an input
  @operation({ input: Ask, output: Answer })
  declare withoutInput: Remote<never, Answer>;

  // @ts-expect-error what may be undefined is undefined in commands as well
  @operation({ input: Ask, output: Answer, nullable: true })
  declare perhaps: Remote<Ask, Answer>;

  // @ts-expect-error it is never undefined
  @operation({ input: Ask, output: Answer })
  declare surely: Remote<Ask, Answer | undefined>;

  // @ts-expect-error an output that is any would be any in every command
  @operation({ input: Ask, output: Answer })
  // biome-ignore lint/suspicious/noExplicitAny: the case
  declare anything: Remote<Ask, any>;

  // @ts-expect-error an input that is any would be any in every command
  @operation({ input: Ask, output: Answer })
  // biome-ignore lint/suspicious/noExplicitAny: the case
  declare ofAnything: Remote<any, Answer>;

  // @ts-expect-error it is called with its input and the call
  @operation({ input: Ask, output: Answer })
  declare withoutCall: (ask: Ask) => Promise<Answer>;

  // @ts-expect-error it is no operation
  @operation({ input: Ask, output: Answer })
  declare number: number;

  // @ts-expect-error an operation is public
  @operation({ input: Ask, output: Answer })
  declare protected hidden: Remote<Ask, Answer>;

  // @ts-expect-error there is no operation to undo it with
  @operation({ input: Ask, output: Answer, undo: 'forgett' })
  declare misspelt: Remote<Ask, Answer>;

  // @ts-expect-error the undo takes something else than the output
  @operation({ input: Ask, output: Answer, undo: 'whisper' })
  declare other: Remote<Ask, Answer>;

  // @ts-expect-error the undo takes something else than what is made for it
  @operation({ input: Ask, output: Answer, undo: { operation: 'forget', byKey: () => ({ wrong: 1 }) } })
  declare ill: Remote<Ask, Answer>;

  // @ts-expect-error a probe gives the output or undefined
  @operation({ input: Ask, output: Answer, effect: 'once', probe: 'whisper' })
  declare unprobed: Remote<Ask, Answer>;

  // @ts-expect-error a fallback gives the same output
  @operation({ input: Ask, output: Answer, fallback: 'whisper' })
  declare unreplaced: Remote<Ask, Answer>;
}

@command({ name: 'consult-remotely', params: Ask, result: Answer })
export class ConsultRemotely extends SagaCommand<Ask, Answer> {
  @inject(Oracle) private readonly oracle!: Oracle;

  defineOrchestrationScope() {
    // @ts-expect-error the pivot is no operation of the scope
    scope({ systems: { oracle: this.oracle }, pivot: 'oracle.tel' });
    return scope({ systems: { oracle: this.oracle }, optional: { second: this.oracle }, pivot: 'oracle.say' });
  }

  async coordinateSystemInteractions({ systems, params }: Interactions<this>): Promise<Answer> {
    await systems.oracle.sleep();
    // @ts-expect-error it takes no input
    await systems.oracle.sleep(params);
    await systems.oracle.whisper(params, { key: 'once' });
    const { said } = await systems.oracle.answer(params, { undo: async (answer) => answer.said });
    // @ts-expect-error the output has no such field
    void (await systems.oracle.answer(params)).text;
    // @ts-expect-error the input is another
    void systems.oracle.answer({ said });
    // @ts-expect-error it may be undefined
    void (await systems.oracle.wasTold(params)).said;
    // @ts-expect-error a direct call, which the journal would not see, lacks its call
    void this.oracle.answer(params);
    const second = await systems.second.wake();
    // @ts-expect-error an optional system may be absent
    void second.said;
    return systems.oracle.wake();
  }
}
