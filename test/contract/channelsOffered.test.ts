/** Which of several channels is taken, and when another one; and what a channel leaves behind in its process. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import type { Call } from '../../src/kernel/Call.js';
import { CommandFailure, OutcomeUnknownError, TransientError } from '../../src/kernel/errors.js';
import { InProcessChannel, inProcessChannel } from '../../src/systems/channels/InProcessChannel.js';
import { type OfferedChannel, type OfferedChannelsOptions, offeredChannels } from '../../src/systems/channels/offered/OfferedChannels.js';
import { failureOf, until } from '../support/channels/channelCases.js';
import { CHANNEL_KINDS, callWith } from '../support/channels/channelKinds.js';
import { ManualClock } from '../support/ManualClock.js';

const LINE = { sku: 'bolt', quantity: 3 };

/** A channel of a name of its own, which counts what it is asked. */
class Way extends InProcessChannel {
  override readonly protocol: string;
  calls = 0;
  versionsAsked: Call[] = [];
  users = 0;
  /** What its calls come to; without, they are answered with its name. */
  trouble: Error | undefined;
  says: (call: Call) => Promise<string | undefined> = async () => '2.0.0';

  constructor(name: string) {
    super({ reserve: () => this.answer(), list: () => this.items() });
    this.protocol = name;
  }

  override async version(call?: Call): Promise<string | undefined> {
    if (call) this.versionsAsked.push(call);
    return this.says(call ?? callWith());
  }

  override acquire(): void {
    this.users += 1;
  }

  override async release(): Promise<void> {
    this.users -= 1;
  }

  private answer(): { by: string } {
    this.calls += 1;
    if (this.trouble) throw this.trouble;
    return { by: this.protocol };
  }

  private async *items() {
    yield this.answer();
    yield this.answer();
  }
}

const unreachable = new TransientError('CHANNEL_UNREACHABLE', 'nobody listens');

describe('offered channels', () => {
  const clock = new ManualClock();
  const said: { message: string; fields: object | undefined }[] = [];
  let grpc: Way;
  let http: Way;

  beforeEach(() => {
    [grpc, http] = [new Way('grpc'), new Way('http')];
    said.length = 0;
  });

  function both(versions?: string, options: OfferedChannelsOptions = {}) {
    const range = versions === undefined ? {} : { versions };
    return offeredChannels(
      [grpc, http].map((channel): OfferedChannel => ({ channel, ...range })),
      { clock, ...options },
    );
  }

  function calling(key = 'call'): Call {
    const info = (message: string, fields?: object): void => void said.push({ message, fields });
    const call = callWith({ key });
    return { ...call, log: { ...call.log, info } };
  }

  it('are named after their protocols, each once', () => {
    expect(both().protocol).toBe('grpc or http');
    expect(offeredChannels([{ channel: http }, { channel: http }]).protocol).toBe('http');
  });

  it('take the first one whose version is in its range, say why, and log it once', async () => {
    grpc.says = async () => '1.9.0';
    const channel = both('>=2 <4');
    expect(channel.chosen).toBeUndefined();
    for (let count = 0; count < 3; count += 1) expect(await channel.invoke('reserve', LINE, calling())).toEqual({ by: 'http' });
    expect(channel.chosen).toEqual({ protocol: 'http', version: '2.0.0', reason: 'grpc runs 1.9.0, which is not in >=2 <4' });
    expect(said).toEqual([
      { message: 'calls go by http: grpc runs 1.9.0, which is not in >=2 <4', fields: { protocol: 'http', version: '2.0.0' } },
    ]);
    expect(grpc.calls).toBe(0);
  });

  it('do not ask for a version where any will do', async () => {
    const channel = both();
    await channel.invoke('reserve', LINE, calling());
    expect(channel.chosen).toEqual({ protocol: 'grpc', version: undefined, reason: 'it is the first choice' });
    expect([grpc.versionsAsked, http.versionsAsked]).toEqual([[], []]);
  });

  it('ask for a version once for all calls of an acquire, under a key of its own', async () => {
    const channel = both('>=2');
    channel.acquire();
    await Promise.all(['a', 'b', 'c'].map((key) => channel.invoke('reserve', LINE, calling(key))));
    await channel.invoke('reserve', LINE, calling());
    expect(grpc.versionsAsked.map(({ key }) => key)).toEqual(['a/version']);
    grpc.says = async () => '1.0.0';
    channel.acquire();
    expect(await channel.invoke('reserve', LINE, calling())).toEqual({ by: 'http' });
    expect(grpc.versionsAsked).toHaveLength(2);
  });

  it.each<[string, () => Promise<string | undefined>, RegExp]>([
    ['says none', async () => undefined, /grpc does not say its version/],
    ['says nonsense', async () => 'latest', /grpc says "latest"/],
    ['loses the reply', () => Promise.reject(new OutcomeUnknownError('REPLY_LOST', 'reset')), /grpc could not say its version: reset/],
    [
      'refuses to say it',
      () => Promise.reject(new CommandFailure('SYSTEM_REFUSED', 'who asks?')),
      /grpc could not say its version: who asks/,
    ],
  ])('take the next one when one %s', async (_, says, reason) => {
    grpc.says = says;
    const channel = both('>=2');
    expect(await channel.invoke('reserve', LINE, calling())).toEqual({ by: 'http' });
    expect(channel.chosen?.reason).toMatch(reason);
  });

  it('take the next one when one does not say its version in time', async () => {
    grpc.says = (call) => new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason as Error)));
    const channel = both('>=2', { versionTimeoutMs: 200 });
    const reply = channel.invoke('reserve', LINE, calling());
    await until(() => clock.pending === 1);
    clock.advance(200);
    expect(await reply).toEqual({ by: 'http' });
    expect(channel.chosen?.reason).toContain('within 200 ms');
    expect(clock.pending).toBe(0);
  });

  it('refuse a call when the version of none will do, and send nothing', async () => {
    const error = await failureOf(both('>=3').invoke('reserve', LINE, calling()));
    expect(error).toMatchObject({ name: 'CommandFailure', code: 'VERSION_MISMATCH' });
    expect(error.message).toContain('grpc runs 2.0.0, which is not in >=3; http runs 2.0.0, which is not in >=3');
    expect([grpc.calls, http.calls]).toEqual([0, 0]);
  });

  it('take the next one in the same attempt when one is unreachable, and the first again when its time is over', async () => {
    const channel = both(undefined, { avoidMs: 1000 });
    await channel.invoke('reserve', LINE, calling());
    grpc.trouble = unreachable;
    for (let count = 0; count < 3; count += 1) expect(await channel.invoke('reserve', LINE, calling())).toEqual({ by: 'http' });
    expect(grpc.calls).toBe(2);
    expect(channel.chosen?.reason).toBe('grpc is unreachable: nobody listens');
    grpc.trouble = undefined;
    clock.advance(999);
    expect(await channel.invoke('reserve', LINE, calling())).toEqual({ by: 'http' });
    clock.advance(1);
    for (let count = 0; count < 2; count += 1) expect(await channel.invoke('reserve', LINE, calling())).toEqual({ by: 'grpc' });
    expect(said.map(({ message }) => message.slice(0, 18))).toEqual(['calls go by grpc: ', 'calls go by http: ', 'calls go by grpc: ']);
  });

  it('let one call try what was unreachable, and the others go on without', async () => {
    const channel = both(undefined, { avoidMs: 1000 });
    grpc.trouble = unreachable;
    await channel.invoke('reserve', LINE, calling());
    clock.advance(1000);
    await Promise.all(Array.from({ length: 20 }, () => channel.invoke('reserve', LINE, calling())));
    expect(grpc.calls).toBe(2);
  });

  it('try also what is avoided when nothing else is left', async () => {
    const channel = both();
    [grpc.trouble, http.trouble] = [unreachable, unreachable];
    const error = await failureOf(channel.invoke('reserve', LINE, calling()));
    expect(error).toMatchObject({ name: 'TransientError', code: 'CHANNEL_UNREACHABLE' });
    expect(error.message).toContain('grpc is unreachable: nobody listens; http is unreachable: nobody listens');
    grpc.trouble = undefined;
    expect(await channel.invoke('reserve', LINE, calling())).toEqual({ by: 'grpc' });
  });

  it.each([
    new OutcomeUnknownError('REPLY_LOST', 'reset'),
    new CommandFailure('SYSTEM_REFUSED', 'no'),
    new TransientError('SYSTEM_OVERLOADED', 'later'),
  ])('send nothing to another one after $code', async (trouble) => {
    grpc.trouble = trouble;
    await expect(both().invoke('reserve', LINE, calling())).rejects.toBe(trouble);
    await expect(both().stream('list', LINE, calling()).next()).rejects.toBe(trouble);
    expect(http.calls).toBe(0);
  });

  it('take the next one for a stream only before its first item', async () => {
    grpc.trouble = unreachable;
    const items = both().stream('list', LINE, calling());
    expect(await items.next()).toEqual({ done: false, value: { by: 'http' } });
    http.trouble = unreachable;
    await expect(items.next()).rejects.toBe(unreachable);
    expect([grpc.calls, http.calls]).toEqual([1, 2]);
  });

  it('do not hold it against a channel that the time of a call was over', async () => {
    grpc.says = () => new Promise(() => undefined);
    const channel = both('>=2');
    const call = { ...calling(), deadline: new Date(clock.now() + 100) };
    const reply = failureOf(channel.invoke('reserve', LINE, call));
    await until(() => clock.pending === 2);
    clock.advance(100);
    expect(await reply).toMatchObject({ code: 'CHANNEL_UNREACHABLE' });
    expect(http.versionsAsked).toEqual([]);
  });

  it('are healthy while one of them is', async () => {
    const channel = both();
    const down = (): Promise<void> => Promise.reject(unreachable);
    grpc.checkHealth = down;
    await channel.checkHealth(calling());
    http.checkHealth = down;
    expect(await failureOf(channel.checkHealth(calling()))).toMatchObject({ code: 'CHANNEL_UNREACHABLE' });
  });

  it('are acquired and released together', async () => {
    const channel = both();
    channel.acquire();
    channel.acquire();
    await channel.release();
    expect([grpc.users, http.users]).toEqual([1, 1]);
  });

  it('are refused with a range that is none, or when there are none', () => {
    expect(() => both('two')).toThrow(
      expect.objectContaining({ code: 'CHANNEL_INVALID', message: expect.stringContaining('offered[0].versions is "two".') }),
    );
    expect(() => offeredChannels([])).toThrow(expect.objectContaining({ code: 'CHANNEL_INVALID' }));
  });
});

describe('a channel in the process', () => {
  it('calls the methods of an instance, those of its base class included, and none that every object has', async () => {
    class Base {
      protected factor = 2;
      twice({ quantity }: typeof LINE): object {
        return { quantity: quantity * this.factor };
      }
    }
    class Doubling extends Base {}
    const channel = inProcessChannel(new Doubling());
    expect(await channel.invoke('twice', LINE, callWith())).toEqual({ quantity: 6 });
    const error = await failureOf(channel.invoke('toString', LINE, callWith()));
    expect(error.message).toContain('it knows twice.');
  });

  it('hands on errors that say what became of a call, and takes any other for a lost reply', async () => {
    const refusal = new CommandFailure('SYSTEM_REFUSED', 'no');
    const channel = inProcessChannel({
      refuse: () => Promise.reject(refusal),
      crash: () => {
        throw new TypeError('line is undefined');
      },
    });
    await expect(channel.invoke('refuse', LINE, callWith())).rejects.toBe(refusal);
    const error = await failureOf(channel.invoke('crash', LINE, callWith()));
    expect(error).toMatchObject({ name: 'OutcomeUnknownError', code: 'REPLY_LOST' });
    expect(error.message).toContain('line is undefined');
  });

  it('carries dates, maps and bytes, and neither functions there nor back', async () => {
    const channel = inProcessChannel({ echo: (input: unknown) => input, leak: () => ({ close: () => undefined }) });
    const input = { at: new Date(0), by: new Map([['a', 1n]]), bytes: new Uint8Array([1]) };
    expect(await channel.invoke('echo', input, callWith())).toEqual(input);
    expect(await failureOf(channel.invoke('echo', { close: () => undefined }, callWith()))).toMatchObject({ code: 'INPUT_INVALID' });
    expect(await failureOf(channel.invoke('leak', undefined, callWith()))).toMatchObject({ code: 'REPLY_LOST' });
  });

  it('has lost the reply of a stream that is none', async () => {
    const channel = inProcessChannel({ list: () => [1, 2] });
    expect(await failureOf(channel.stream('list', undefined, callWith()).next())).toMatchObject({ code: 'REPLY_LOST' });
  });
});

describe('in a process of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'channels-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function probe(external: string[]): string {
    const outfile = join(folder, `probe${external.length}.cjs`);
    buildSync({
      entryPoints: [join(__dirname, '..', 'support', 'channels', 'idleProbe.ts')],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node24',
      outfile,
      external,
      define: { 'import.meta.url': '"file:///probe"' },
      logLevel: 'error',
    });
    return outfile;
  }

  async function printed(file: string, ...args: readonly string[]): Promise<string> {
    return (await promisify(execFile)(process.execPath, [file, ...args], { timeout: 10_000 })).stdout;
  }

  it.each(['HTTP', 'gRPC'])('an idle connection of %s that nobody released does not keep it from ending', async (name) => {
    const opened = await CHANNEL_KINDS.find((kind) => kind.name === name)?.open();
    expect(await printed(probe([]), name, String(opened?.wire?.port))).toBe('{"sku":"bolt","quantity":3}\n');
    await opened?.[Symbol.asyncDispose]();
  });

  it('a gRPC channel without its package says how to install it', async () => {
    const said = await printed(probe(['@grpc/grpc-js']), 'gRPC', '1');
    expect(said).toBe('PACKAGE_MISSING A GrpcChannel needs @grpc/grpc-js. Install it: npm install @grpc/grpc-js\n');
  });
});
