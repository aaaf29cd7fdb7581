/** When the channels of a command's systems are open: from the validation of a run until it leaves the process, on every load. */
import { join } from 'node:path';
import { IsString } from 'class-validator';
import {
  type Call,
  type Channel,
  CommandFailure,
  command,
  type Interactions,
  operation,
  SagaCommand,
  System,
  scope,
} from '../../../src/index.js';
import { NoParams, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';

const folder = journalFolder();

/** Counts its users; what it is asked is what the test says. */
class CountedChannel implements Channel {
  readonly protocol = 'counted';
  users = 0;
  most = 0;
  running = '1.4.0';
  ill: string | undefined;
  refusesUsers = false;
  answer: (call: Call) => unknown = () => undefined;

  async invoke<O>(_operation: string, _input: object | undefined, call: Call): Promise<O> {
    if (this.users === 0) throw new Error('it is closed');
    return (await this.answer(call)) as O;
  }

  stream<O>(): AsyncIterable<O> {
    throw new Error('it does not stream');
  }

  async checkHealth(): Promise<void> {
    if (this.ill !== undefined) throw new Error(this.ill);
  }

  async version(): Promise<string> {
    return this.running;
  }

  acquire(): void {
    if (this.refusesUsers) throw new CommandFailure('SYSTEM_REFUSED', 'no more users');
    this.users += 1;
    this.most = Math.max(this.most, this.users);
  }

  async release(): Promise<void> {
    this.users -= 1;
  }
}

class Word {
  @IsString()
  text!: string;
}

class Speaker extends System {
  constructor(override readonly channel: CountedChannel) {
    super();
  }

  @operation({ input: Word })
  async say(word: Word, call: Call): Promise<void> {
    await this.channel.invoke('say', word, call);
  }
}

function speaking(one: CountedChannel, two = one, versions: { readonly one?: string } = {}) {
  const systems = { one: new Speaker(one), two: new Speaker(two) };
  @command({ name: 'speaks', params: NoParams })
  class Speaks extends SagaCommand<NoParams, void> {
    defineOrchestrationScope() {
      return scope({ systems, versions });
    }

    async coordinateSystemInteractions({ systems: named }: Interactions<this>): Promise<void> {
      await named.one.say({ text: 'hello' });
    }
  }
  return Speaks;
}

it('a channel is open while a run uses it, once for all its systems, and closed after that', async () => {
  const channel = new CountedChannel();
  const seen: number[] = [];
  channel.answer = () => seen.push(channel.users);
  const Speaks = speaking(channel);
  await using runner = await open([Speaks]);
  await runner.execute(Speaks, {});
  expect(seen).toEqual([1]);
  expect(channel.users).toBe(0);
});

it('a channel is closed as well when the run fails', async () => {
  const channel = new CountedChannel();
  channel.answer = () => Promise.reject(new CommandFailure('SYSTEM_REFUSED', 'no'));
  const Speaks = speaking(channel);
  await using runner = await open([Speaks]);
  expect((await (await runner.start(Speaks, {})).outcome()).status).toBe('failed');
  expect(channel).toMatchObject({ users: 0, most: 1 });
});

it('what was opened is closed when another channel cannot be', async () => {
  const [one, two] = [new CountedChannel(), new CountedChannel()];
  two.refusesUsers = true;
  const Speaks = speaking(one, two);
  await using runner = await open([Speaks]);
  expect(await (await runner.start(Speaks, {})).outcome()).toMatchObject({ status: 'failed', error: { message: 'no more users' } });
  expect(one).toMatchObject({ users: 0, most: 1 });
});

it('a run that goes on in another process has its channels there, and not here any more', async () => {
  const channel = new CountedChannel();
  channel.answer = ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
  const Speaks = speaking(channel);
  const file = join(folder, 'moves.db');
  const first = await open([Speaks], { engine: { file } });
  const run = await first.start(Speaks, {});
  while (channel.users === 0) await new Promise((resolve) => setImmediate(resolve));
  await first[Symbol.asyncDispose]();
  expect(channel.users).toBe(0);
  channel.answer = () => undefined;
  await using second = await open([Speaks], { engine: { file } });
  expect((await (await second.resume(run.id)).outcome()).status).toBe('completed');
  expect(channel.users).toBe(0);
});

describe('a system that has a channel', () => {
  it('is asked through it for its health and version, where it has no check of its own', async () => {
    const channel = new CountedChannel();
    const Speaks = speaking(channel, channel, { one: '^2.0.0' });
    channel.ill = 'its disk is full';
    await using runner = await open([Speaks]);
    const outcome = await (await runner.start(Speaks, {})).outcome();
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'SYSTEM_UNAVAILABLE' } });
    channel.ill = undefined;
    const later = await (await runner.start(Speaks, {})).outcome();
    expect(later.status === 'failed' && later.error.message).toContain('one (it runs version 1.4.0, and ^2.0.0 is needed)');
    channel.running = '2.1.0';
    expect((await (await runner.start(Speaks, {})).outcome()).status).toBe('completed');
  });

  it('has its protocol in the plan', async () => {
    const Speaks = speaking(new CountedChannel());
    await using runner = await open([Speaks]);
    const plan = await runner.plan(Speaks, {});
    expect(plan.systems.map(({ protocol }) => protocol)).toEqual(['counted', 'counted']);
  });
});
