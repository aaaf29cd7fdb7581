/** Runs a random program on an engine, and notes what it asks and what it is told, each at its place. */
import type { Compensation } from '../../src/abstract/Compensation.js';
import type { DurableRun, StepRequest, Subject } from '../../src/abstract/DurableRun.js';
import type { EffectTrace } from '../../src/abstract/EffectTrace.js';
import type { Call } from '../../src/kernel/Call.js';
import type { EngineUnderTest } from './engineUnderTest.js';
import type { Node, Program, StepNode } from './randomProgram.js';

/**
 * One line of what happened in the code. `own` was told by a record of the run itself, `outside` by one that came from outside,
 * `branch` by one if the branch was recorded; `inside` says that the body of a branch was run.
 */
export interface TraceLine {
  readonly at: 'ask' | 'own' | 'outside' | 'branch' | 'inside';
  readonly place: string;
  readonly text: string;
}

/** By the time of the run, in milliseconds since the epoch. */
export interface Sleep {
  readonly place: string;
  readonly askedAt: number;
  readonly ms: number;
  /** Undefined while it goes on. */
  readonly endedAt: number | undefined;
}

/** What the code of a program reaches outside of its run. */
export interface ProgramPorts {
  readonly engine: EngineUnderTest;
  note(line: TraceLine): void;
  /** One attempt of an effect. */
  call(step: StepNode | undefined, place: string, call: Call): Promise<number>;
  /** What became of a `once` effect: its outcome, or undefined when it did not happen. */
  probe(place: string, call: Call): Promise<number | undefined>;
  undo(place: string, output: number, call: Call): Promise<void>;
  slept(sleep: Sleep): void;
  /** Begins a run of a part of the program. @returns its id */
  startChild(part: Node, call: Call): Promise<string>;
}

/** What the code of one branch, or that outside of all, was told last: nothing else of it may reach the others but its result. */
interface Scope {
  last: number;
}

/** An undo, and settling what is unknown, as often as it takes, without chance. */
const PATIENT = { attemptsMax: 20, backoffMs: 10, backoffMsMax: 100, jitter: 0 };

export class ProgramCode {
  private readonly trace: EffectTrace;
  private readonly compensation: Compensation;
  undone = false;

  constructor(
    private readonly run: DurableRun,
    private readonly ports: ProgramPorts,
  ) {
    const { Compensation, EffectTrace } = ports.engine;
    this.trace = new EffectTrace(run);
    this.compensation = new Compensation(this.watched(), this.trace);
  }

  /** @returns what the program came to; an error in it is a part of that, unless the run was stopped */
  async execute({ root, undoes }: Program): Promise<unknown> {
    this.run.observe({ type: 'phase', phase: 'execution' });
    const result = await this.evaluate(root, 'r', { last: 0 }).catch((error: unknown) => `failed: ${messageOf(error)}`);
    let undoing: string | undefined;
    if (undoes || this.run.signal.aborted) undoing = await this.undo();
    if (this.run.signal.aborted) throw this.run.signal.reason;
    return { result, undoing, chance: [this.run.uuid(), this.run.random()] };
  }

  private async undo(): Promise<string> {
    try {
      await this.compensation.run({});
      this.undone = this.compensation.undone.length > 0;
      return this.compensation.undone.join(', ');
    } catch (error) {
      return `not undone: ${messageOf(error)}`;
    }
  }

  /** What the compensation asks for is noted like everything else. */
  private watched(): DurableRun {
    const { run } = this;
    const step = <T>(request: StepRequest<T>): Promise<T> => {
      const outcome = run.step(request);
      const place = `undo:${request.branch}:${request.name}:${request.key ?? ''}`;
      this.noted(place, request.name, () => outcome).catch(() => undefined);
      return outcome; // The very promise of the engine, by which it knows the step again.
    };
    return new Proxy(run, {
      get(target, name) {
        if (name === 'step') return step;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  private async noted<T>(place: string, what: string, ask: () => Promise<T>, at: TraceLine['at'] = 'own'): Promise<T> {
    this.ports.note({ at: 'ask', place, text: what });
    try {
      const value = await ask();
      this.ports.note({ at, place, text: `=${textOf(value)}` });
      return value;
    } catch (error) {
      this.ports.note({ at, place, text: `!${messageOf(error)}` });
      throw error;
    }
  }

  private branch(name: string, part: Node, place: string): Promise<unknown> {
    const body = async (): Promise<string> => {
      this.ports.note({ at: 'inside', place, text: this.branchName });
      return textOf(await this.evaluate(part, place, { last: 0 }));
    };
    return this.noted(place, `branch ${name}`, () => this.run.branch({ phase: 'execution', name }, body), 'branch');
  }

  private get branchName(): string {
    const part = this.ports.engine.presentBranch();
    return part === undefined ? 'execution' : `execution.${part}`;
  }

  private async evaluate(node: Node, around: string, scope: Scope): Promise<unknown> {
    const place = `${around}.${node.site}`;
    switch (node.kind) {
      case 'step':
        return this.step(node, place, scope);
      case 'chain':
        return tell(scope, this.effect(undefined, place, { name: node.operation, input: scope.last % 7, effect: 'idempotent' }));
      case 'sleep':
        return this.sleep(node.ms, place);
      case 'signal':
        return this.signal(node.name, node.timeoutMs, place);
      case 'decision':
        return this.decision(node.gate, node.withinMs, place);
      case 'child':
        return this.child(node.part, place);
      case 'branch':
        return this.branch(node.name, node.part, place);
      case 'retry':
        return this.evaluate(node.part, `${place}.try`, scope).catch(() => this.evaluate(node.part, `${place}.again`, scope));
      case 'forgotten':
        void this.evaluate(node.part, place, scope).catch(() => undefined);
        return 'forgotten';
      case 'loop': {
        const results: unknown[] = [];
        for (let turn = 0; turn < node.times; turn += 1) results.push(await this.evaluate(node.part, `${place}.t${turn}`, scope));
        return results;
      }
      case 'seq': {
        const results: unknown[] = [];
        for (const part of node.parts) results.push(await this.evaluate(part, place, scope));
        return results;
      }
      default:
        return combine(
          node.kind,
          node.parts.map((part) => this.evaluate(part, place, scope)),
        );
    }
  }

  private async step(node: StepNode, place: string, scope: Scope): Promise<number> {
    for (let hop = 0; hop < node.hops; hop += 1) await Promise.resolve();
    const { operation, input, effect, attempts, timeoutMs, undo } = node;
    // A probe is asked again after a wait as well, which must not depend on chance.
    const retry = attempts > 1 || effect === 'once' ? { retry: { attemptsMax: attempts, backoffMs: 10, jitter: 0 } } : {};
    const probe = effect === 'once' ? { probe: (_input: unknown, call: Call) => this.ports.probe(place, call) } : {};
    const undoable = undo && effect !== 'read';
    return tell(scope, this.effect(node, place, { name: operation, input, undoable, effect, timeoutMs, ...retry, ...probe }));
  }

  private effect(node: StepNode | undefined, place: string, asked: Omit<StepRequest<number>, 'branch' | 'body'>): Promise<number> {
    const request = { ...asked, branch: this.branchName, body: (_input: unknown, call: Call) => this.ports.call(node, place, call) };
    return this.noted(place, `${asked.name} ${textOf(asked.input)}`, () => {
      const outcome = this.run.step<number>(request);
      const undo = ({ output }: Subject, call: Call) => this.ports.undo(place, output as number, call);
      this.trace.add(request, outcome, asked.undoable ? { undoing: { undo, retry: PATIENT } } : {});
      return outcome;
    });
  }

  private async sleep(ms: number, place: string): Promise<void> {
    const askedAt = this.run.time;
    this.ports.slept({ place, askedAt, ms, endedAt: undefined });
    await this.noted(place, `sleep ${ms}`, () => this.run.sleep(ms));
    this.ports.slept({ place, askedAt, ms, endedAt: this.run.time });
  }

  private async signal(name: string, timeoutMs: number | undefined, place: string): Promise<unknown> {
    this.ports.note({ at: 'ask', place, text: `signal ${name} ${timeoutMs}` });
    const taken = await this.run.nextSignal(name, timeoutMs);
    if (taken) this.ports.note({ at: 'outside', place, text: `=${String(taken.value)}` });
    else this.ports.note({ at: 'own', place, text: '=undefined' });
    return taken?.value;
  }

  private async decision(gate: string, withinMs: number, place: string): Promise<unknown> {
    this.ports.note({ at: 'ask', place, text: `gate ${gate}` });
    const taken = await this.run.override(gate, withinMs);
    if (taken) this.ports.note({ at: 'outside', place, text: `=${taken.reason}` });
    else this.ports.note({ at: 'own', place, text: '=undefined' });
    return taken?.reason;
  }

  private child(part: Node, place: string): Promise<unknown> {
    const body = (_input: unknown, call: Call) => this.ports.startChild(part, call);
    const request = { branch: this.branchName, name: 'child', input: part.site, effect: 'idempotent', child: true, body } as const;
    return this.noted(place, `child ${part.site}`, () => this.run.step<unknown>(request)).then((outcome) => textOf(outcome));
  }
}

async function tell(scope: Scope, outcome: Promise<number>): Promise<number> {
  scope.last = await outcome;
  return scope.last;
}

function combine(kind: 'all' | 'race' | 'any', parts: readonly Promise<unknown>[]): Promise<unknown> {
  for (const part of parts) part.catch(() => undefined);
  if (kind === 'all') return Promise.all(parts);
  return kind === 'race' ? Promise.race(parts) : Promise.any(parts);
}

/** Of a child's outcome without what is drawn by chance. */
export function textOf(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'chance' in value) return JSON.stringify({ ...value, chance: undefined });
  return JSON.stringify(value) ?? 'undefined';
}

function messageOf(error: unknown): string {
  return error instanceof AggregateError ? 'all failed' : error instanceof Error ? error.message : String(error);
}
