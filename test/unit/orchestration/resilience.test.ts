/** Operations under their policies, over an engine whose clock the test moves. */
import { IsString } from 'class-validator';
import {
  type Call,
  command,
  type Interactions,
  OutcomeUnknownError,
  operation,
  type Policy,
  SagaCommand,
  System,
  scope,
  TransientError,
} from '../../../src/index.js';
import { NoParams, open } from '../../support/application.js';
import { ManualClock } from '../../support/ManualClock.js';

class Question {
  @IsString()
  text!: string;
}

const later = (retryAfterMs?: number) =>
  new TransientError('SYSTEM_OVERLOADED', 'later', retryAfterMs === undefined ? {} : { details: { retryAfterMs } });

/** A system with one operation under a policy. */
function oracleWith(policy: Policy) {
  class Oracle extends System {
    readonly asked: { at: number; limitMs: number | undefined; key: string }[] = [];
    answer: (call: Call) => unknown = () => undefined;
    health: (call: Call) => unknown = () => undefined;

    constructor(private readonly clock: ManualClock) {
      super();
    }

    override async checkHealth(call: Call): Promise<void> {
      await this.health(call);
    }

    @operation({ input: Question, policy })
    async ask(_question: Question, call: Call): Promise<void> {
      const at = this.clock.now();
      const limitMs = call.deadline && call.deadline.getTime() - at;
      this.asked.push({ at, limitMs, key: call.key });
      await this.answer(call);
    }
  }
  return Oracle;
}

type AnyOracle = InstanceType<ReturnType<typeof oracleWith>>;

function consulting(oracle: AnyOracle) {
  @command({ name: 'consult', params: NoParams })
  class Consult extends SagaCommand<NoParams, void> {
    defineOrchestrationScope() {
      return scope({ systems: { oracle } });
    }

    async coordinateSystemInteractions({ systems }: Interactions<this>): Promise<void> {
      await systems.oracle.ask({ text: 'why' });
    }
  }
  return Consult;
}

const hanging = ({ signal }: Call) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Moves the clock in small steps until there is an outcome. */
async function moved<T>(clock: ManualClock, outcome: Promise<T>): Promise<T> {
  const end = { is: false };
  void outcome.finally(() => {
    end.is = true;
  });
  for (let n = 0; !end.is && n < 100_000; n += 1) {
    await turn();
    if (!end.is) clock.advance(10);
  }
  return outcome;
}

describe('an operation that fails for a while', () => {
  it('is tried again by its policy with one key, and as late as the system asks for', async () => {
    const clock = new ManualClock();
    const oracle = new (oracleWith({ retry: { attemptsMax: 4, backoffMs: 100, jitter: 0 } }))(clock);
    const failures = [later(), later(5000), later()];
    oracle.answer = () => {
      const failure = failures.shift();
      if (failure) throw failure;
    };
    const Consult = consulting(oracle);
    await using runner = await open([Consult], { engine: { clock } });
    const outcome = await moved(clock, (await runner.start(Consult, {})).outcome());
    expect(outcome.status).toBe('completed');
    expect(new Set(oracle.asked.map(({ key }) => key)).size).toBe(1);
    const [first = 0, ...rest] = oracle.asked.map(({ at }) => at);
    expect(rest.map((at, index) => at - (oracle.asked[index]?.at ?? first))).toEqual([100, 5000, 400]);
  });

  it('has a longer time for every attempt, and none beyond the deadline of the run', async () => {
    const clock = new ManualClock();
    const oracle = new (oracleWith({ timeoutMs: 1000, retry: { attemptsMax: 4, backoffMs: 0, timeoutFactor: 2, timeoutMsMax: 3000 } }))(
      clock,
    );
    oracle.answer = hanging;
    const Consult = consulting(oracle);
    await using runner = await open([Consult], { engine: { clock } });
    const run = await runner.start(Consult, {}, { deadline: new Date(clock.now() + 8500) });
    expect((await moved(clock, run.outcome())).status).not.toBe('completed');
    expect(oracle.asked.map(({ limitMs }) => limitMs)).toEqual([1000, 2000, 3000, 2500]);
  });

  it('is not called while its breaker is open, and called once on trial after that', async () => {
    const clock = new ManualClock();
    const oracle = new (oracleWith({ breaker: { failuresMax: 2, openMs: 60_000 }, retry: { attemptsMax: 4, backoffMs: 100, jitter: 0 } }))(
      clock,
    );
    let ill = true;
    oracle.answer = () => {
      if (ill) throw later();
    };
    const Consult = consulting(oracle);
    await using runner = await open([Consult], { engine: { clock } });
    const first = await runner.start(Consult, {});
    while (oracle.asked.length < 2) {
      await turn();
      clock.advance(10);
    }
    const openedAt = clock.now();
    ill = false;
    expect((await moved(clock, first.outcome())).status).toBe('completed');
    expect(oracle.asked).toHaveLength(3);
    expect((oracle.asked[2]?.at ?? 0) - openedAt).toBeGreaterThanOrEqual(59_900);
  });

  it('whose breaker was opened by one run is not called by the next', async () => {
    const clock = new ManualClock();
    const oracle = new (oracleWith({ breaker: { failuresMax: 1, openMs: 60_000 } }))(clock);
    oracle.answer = () => {
      throw later();
    };
    const Consult = consulting(oracle);
    await using runner = await open([Consult], { engine: { clock } });
    await (await runner.start(Consult, {})).outcome();
    expect(await (await runner.start(Consult, {})).outcome()).toMatchObject({ status: 'failed', error: { code: 'BREAKER_OPEN' } });
    expect(oracle.asked).toHaveLength(1);
  });

  it('is given up at once when the run is cancelled between two attempts', async () => {
    const oracle = new (oracleWith({ retry: { attemptsMax: 3, backoffMs: 60_000, jitter: 0 } }))(new ManualClock());
    oracle.answer = () => {
      throw later();
    };
    const Consult = consulting(oracle);
    await using runner = await open([Consult]);
    const run = await runner.start(Consult, {});
    while (oracle.asked.length === 0) await turn();
    const cancelledAt = performance.now();
    await run.cancel('enough');
    expect((await run.outcome()).status).toBe('cancelled');
    expect(performance.now() - cancelledAt).toBeLessThan(50);
    expect(oracle.asked).toHaveLength(1);
  });

  it('that hangs is aborted at its limit, and what it did is not known', async () => {
    const clock = new ManualClock();
    const oracle = new (oracleWith({ timeoutMs: 300 }))(clock);
    oracle.answer = hanging;
    const Consult = consulting(oracle);
    await using runner = await open([Consult], { engine: { clock } });
    const run = await runner.start(Consult, {});
    await moved(clock, run.outcome());
    await expect(run.result()).rejects.toBeInstanceOf(OutcomeUnknownError);
  });
});

it('a health check that hangs counts as failed after half a minute', async () => {
  const clock = new ManualClock();
  const oracle = new (oracleWith({}))(clock);
  oracle.health = hanging;
  const Consult = consulting(oracle);
  await using runner = await open([Consult], { engine: { clock } });
  const began = clock.now();
  const outcome = await moved(clock, (await runner.start(Consult, {})).outcome());
  expect(outcome).toMatchObject({ status: 'failed', error: { code: 'SYSTEM_UNAVAILABLE', message: expect.stringContaining('oracle (') } });
  expect(clock.now() - began).toBeGreaterThanOrEqual(30_000);
  expect(oracle.asked).toEqual([]);
});
