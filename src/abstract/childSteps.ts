/** The steps with which a run begins other runs. */
import type { Call } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import type { ChildCommands } from './ChildCommands.js';
import type { StepRequest } from './DurableRun.js';
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

/** Has the outcome of the child. `begun` is told its command and id. */
export function attachedChild(children: ChildCommands, ask: ChildAsk, begun: (command: string, run: string) => void): ChildStep<never> {
  const { type, key, params: input, parent, principal } = ask;
  const { name, params, result } = children.describe(type);
  const body = async (given: unknown, call: Call): Promise<never> => {
    const { deadline } = call;
    const parentStep = identityOf(call, parent);
    const run = await children.begin({ type, params: given as object, key: call.key, deadline, principal, parent, parentStep });
    begun(name, run);
    return run as never; // The engine gives the outcome of that run.
  };
  return { name, input, inputClass: params, outputClass: result, child: true, effect: 'idempotent', key, body };
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
