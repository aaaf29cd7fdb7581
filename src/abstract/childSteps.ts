/** The steps with which a run begins other runs. */
import type { Call } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import type { ChildCommands } from './ChildCommands.js';
import type { StepRequest } from './DurableRun.js';
import type { Undoing } from './EffectTrace.js';
import type { TypedCommand } from './TypedCommand.js';

export interface ChildAsk {
  readonly type: Class<TypedCommand>;
  readonly params: object;
  readonly key: string | undefined;
  /** Id of the run that asks. */
  readonly parent: string;
  readonly principal: unknown;
}

type ChildStep<T> = Omit<StepRequest<T>, 'branch'>;

/** What a child run tells of itself when it has begun. */
type Begun = (command: string, run: string) => void;

/** Has the outcome of the child. `begun` is told its command and id. */
export function attachedChild(children: ChildCommands, ask: ChildAsk, begun: Begun): ChildStep<never> {
  const { type, key, params: input } = ask;
  const { name, params, result } = children.describe(type);
  const begin = beginning(children, ask, begun);
  const body = async (given: unknown, call: Call) => (await begin(given as object, call)) as never; // The engine gives the outcome of that run.
  return { name, input, inputClass: params, outputClass: result, child: true, effect: 'idempotent', key, body };
}

/** Undoes what a child did by another command. @param paramsOf makes its params of what the child gave */
export function childUndoing(
  children: ChildCommands,
  ask: Omit<ChildAsk, 'params'>,
  paramsOf: (result: never) => object,
  begun: Begun,
): Undoing {
  const { name: child } = children.describe(ask.type);
  const begin = beginning(children, ask, begun, true);
  return { child, undo: ({ output }, call) => begin(paramsOf(output as never), call) };
}

function beginning(children: ChildCommands, { type, parent, principal }: Omit<ChildAsk, 'params'>, begun: Begun, afresh = false) {
  return async (params: object, call: Call): Promise<string> => {
    const { key, deadline } = call;
    const parentStep = identityOf(call, parent);
    const run = await children.begin({ type, params, key, deadline, principal, parent, parentStep, afresh });
    begun(children.describe(type).name, run);
    return run;
  };
}

/** Has the id of the run that it begins. */
export function detachedChild(children: ChildCommands, ask: ChildAsk): ChildStep<string> {
  const { type, key, params: input, parent, principal } = ask;
  const { name, params } = children.describe(type);
  const own = { deadline: undefined, parentStep: undefined };
  const body = (given: unknown, call: Call): Promise<string> =>
    children.begin({ type, params: given as object, key: call.key, principal, parent, ...own });
  return { name: `start ${name}`, input, inputClass: params, effect: 'idempotent', key, body };
}

/** Of the step whose attempt it is: its key begins with the run. */
function identityOf({ key }: Call, run: string): string {
  return key.slice(run.length + 1);
}
