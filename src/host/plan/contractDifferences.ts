/** What changed of an operation, as those see it who call it. */
import type { PlannedField, PlannedOperation } from '../../orchestration/plan/OrchestrationPlan.js';
import { added, type Breaks, breaksVersion, changed, gone, type PlanDifference } from './PlanDifference.js';

const always: Breaks = () => true;

export function contractDifferences(subject: string, before: PlannedOperation, after: PlannedOperation): PlanDifference[] {
  const of = (name: keyof PlannedOperation): readonly [unknown, unknown] => [before[name], after[name]];
  return [
    ...changed(subject, 'effect', of('effect'), always),
    ...changed(subject, 'version', of('version'), breaksVersion),
    ...changed(subject, 'undo', of('undo'), (_was, is) => is === undefined),
    ...(['probe', 'fallback', 'timeoutMs', 'attemptsMax', 'worstMs'] as const).flatMap((name) => changed(subject, name, of(name))),
    ...sideDifferences({ subject, side: 'input' }, before.input, after.input),
    ...sideDifferences({ subject, side: 'output' }, before.output, after.output),
  ];
}

interface Side {
  readonly subject: string;
  readonly side: 'input' | 'output';
}

type Fields = readonly PlannedField[];

function sideDifferences(side: Side, before: Fields | undefined, after: Fields | undefined): PlanDifference[] {
  if (!before || !after) {
    // To give an output where there was none harms nobody; a call is made otherwise with an input than without.
    return changed(side.subject, side.side, [before && 'given', after && 'given'], (_was, is) => side.side === 'input' || is === undefined);
  }
  if (after.length === 0 && before.length > 0)
    return changed(side.subject, `${side.side} rules`, ['given', undefined], () => side.side === 'output');
  return fieldDifferences(side, before, after);
}

function fieldDifferences({ subject, side }: Side, before: Fields, after: Fields): PlanDifference[] {
  const [earlier, later] = [byName(before), byName(after)];
  const lost = before.filter(({ name }) => !later.has(name) && hasParent(name, later));
  const fresh = after.filter(({ name }) => !earlier.has(name) && hasParent(name, earlier));
  return [
    ...lost.flatMap(({ name, type }) => gone(subject, `${side} ${name}`, type, true)),
    ...before.flatMap((field) => {
      const now = later.get(field.name);
      if (!now) return [];
      const what = `${side} ${field.name}`;
      return [
        ...changed(subject, what, [shapeOf(field, earlier), shapeOf(now, later)], (was, is) => !isWider(side, was, is)),
        ...changed(subject, what, [needOf(field), needOf(now)], (_was, is) => is === (side === 'input' ? 'required' : 'optional')),
      ];
    }),
    ...fresh.flatMap((field) =>
      added(subject, `${side} ${field.name}`, `${needOf(field)} ${field.type}`, side === 'input' && field.required),
    ),
  ];
}

function byName(fields: Fields): ReadonlyMap<string, PlannedField> {
  return new Map(fields.map((field) => [field.name, field]));
}

function needOf({ required }: PlannedField): string {
  return required ? 'required' : 'optional';
}

/** With an object its fields come and go, so they are not told as well. */
function hasParent(name: string, fields: ReadonlyMap<string, PlannedField>): boolean {
  const at = name.lastIndexOf('.');
  return at < 0 || fields.has(name.slice(0, at).replace(/\[\]$/, ''));
}

/** What a class is called does not matter where its fields are known. */
function shapeOf({ name, type }: PlannedField, fields: ReadonlyMap<string, PlannedField>): string {
  const isKnown = [...fields.keys()].some((inner) => inner.startsWith(`${name}.`) || inner.startsWith(`${name}[].`));
  return isKnown ? `object${type.endsWith('[]') ? '[]' : ''}` : type;
}

/** Every integer is a number. */
function isWider(side: Side['side'], was: string | undefined, is: string | undefined): boolean {
  const [narrow, wide] = side === 'input' ? [was, is] : [is, was];
  return narrow?.replace('[]', '') === 'integer' && wide?.replace('[]', '') === 'number' && narrow.endsWith('[]') === wide.endsWith('[]');
}
