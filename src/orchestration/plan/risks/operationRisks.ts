import type { Class } from '../../../kernel/Class.js';
import { messageOf, SixfoldError } from '../../../kernel/errors.js';
import type { DeclaredOperation } from '../../../systems/operation.js';
import { checkedPolicy } from '../../../systems/policies/checkedPolicy.js';
import type { PlanDraft } from '../PlanDraft.js';
import { ruledFieldsOf } from '../plannedFields.js';
import type { Participating } from '../plannedSystems.js';
import { type Risk, risk } from '../Risk.js';

/** Names of the operations of a class of which there is something to say: a plan is made for every run, and most have none. */
const SUSPECTS = new WeakMap<Participating['declared'], readonly string[]>();

/** Of what systems declare of their operations. */
export function operationRisks({ systems }: PlanDraft): Risk[] {
  return systems.flatMap((owner) => {
    const { alias, declared } = owner;
    if (declared.size === 0) return [risk('no-operations', alias, `${alias} declares no @operation, so nothing can be called`)];
    const suspects = SUSPECTS.get(declared) ?? [...declared.keys()].filter((name) => risksOfOne(owner, name).length > 0);
    SUSPECTS.set(declared, suspects);
    return suspects.flatMap((name) => risksOfOne(owner, name));
  });
}

function risksOfOne(owner: Participating, name: string): Risk[] {
  const declared = owner.declared.get(name);
  const subject = `${owner.alias}.${name}`;
  if (!declared) return [];
  return [
    ...lostReply(subject, declared),
    ...unknownMethods(subject, declared, owner),
    ...senselessPolicy(subject, declared, owner),
    ...mismatches(subject, declared, owner),
  ];
}

function lostReply(subject: string, { effect, probe, undo }: DeclaredOperation): Risk[] {
  if (effect !== 'once' || probe !== undefined || undo?.by === 'key') return [];
  return [risk('once-without-probe', subject, `${subject} may happen only once, and nothing finds out what became of it`)];
}

function unknownMethods(subject: string, { undo, fallback, probe }: DeclaredOperation, owner: Participating): Risk[] {
  const unknown = (role: string, name: string, what: string): Risk =>
    risk('undo-unknown', subject, `the ${role} of ${subject} is "${name}", which is no ${what} of ${owner.alias}`);
  const operations = Object.entries({ undo: undo?.operation, fallback });
  return [
    ...operations.flatMap(([role, name]) => (name === undefined || owner.declared.has(name) ? [] : [unknown(role, name, 'operation')])),
    ...(probe === undefined || typeof Reflect.get(owner.system, probe) === 'function' ? [] : [unknown('probe', probe, 'method')]),
  ];
}

function senselessPolicy(subject: string, declared: DeclaredOperation, owner: Participating): Risk[] {
  try {
    checkedPolicy(owner.alias, declared, owner.system);
    return [];
  } catch (error) {
    const code = error instanceof SixfoldError && error.code === 'SYSTEM_INVALID' ? 'undo-unknown' : 'policy-invalid';
    return [risk(code, subject, messageOf(error).replace(/\.$/, ''))];
  }
}

/** An undo that is given the output has to accept it. The compiler says so as well, but not of a system in JavaScript. */
function mismatches(subject: string, { undo, output }: DeclaredOperation, owner: Participating): Risk[] {
  const undoing = undo?.by === 'output' ? owner.declared.get(undo.operation) : undefined;
  if (!undoing?.input) return [];
  if (!output) return [risk('undo-mismatch', subject, `${undoing.name} takes a ${undoing.input.name}, and ${subject} gives nothing`)];
  const lacking = lackingFields(undoing.input, output as Class<object>);
  if (lacking.length === 0) return [];
  return [risk('undo-mismatch', subject, `${undoing.name} needs ${lacking.join(', ')}, which the output of ${subject} does not have`)];
}

/** Required fields that the given class does not have. Of a class without rules nothing is known. */
function lackingFields(wanted: Class<object>, given: Class<object>): string[] {
  if (given === wanted || given.prototype instanceof wanted || ruledFieldsOf(given).length === 0) return [];
  const there = new Set([...ruledFieldsOf(given).map(({ name }) => name), ...Object.keys(new given())]);
  return ruledFieldsOf(wanted)
    .filter(({ name, optional }) => !optional && !there.has(name))
    .map(({ name }) => name);
}
