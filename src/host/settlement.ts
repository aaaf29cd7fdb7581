import { readDeclared } from '../abstract/validation/declaredValue.js';
import { textOf } from '../abstract/validation/violations.js';
import type { Settlement } from '../engine/Engine.js';
import type { Codec } from '../kernel/codec/Codec.js';
import { CommandFailure, UsageError } from '../kernel/errors.js';
import type { DeclaredOperation } from '../systems/operation.js';

/** What a person found out of a step whose outcome is unknown. */
export type StepSettlement = {
  readonly by: string;
  readonly reason: string;
} & (
  | {
      readonly as: 'done';
      /** What it gave, as plain data; needed where the command or the undo uses it. */
      readonly output?: unknown;
    }
  /** And it never will be. */
  | { readonly as: 'not-done' }
);

/** @throws UsageError `SETTLE_REFUSED`, `VALUE_NOT_CARRIED` */
export function settlementOf(step: string, settlement: StepSettlement, codec: Codec): Settlement {
  const { as, by, reason } = settlement;
  for (const [name, text] of Object.entries({ by, reason })) {
    if (typeof text === 'string' && text.trim() !== '') continue;
    throw new UsageError(
      'SETTLE_REFUSED',
      `The settlement of ${step} does not say ${name === 'by' ? 'who found out' : 'how that was found out'}. Give ${name} as text.`,
      {
        details: { step },
      },
    );
  }
  if (as === 'done') return { step, by, reason, status: 'succeeded', body: codec.encode(settlement.output, `the output of ${step}`) };
  if (as === 'not-done') {
    const error = new CommandFailure('STEP_SETTLED', `${step} did not happen, as ${by} says: ${reason}.`, {
      details: { step, by, reason },
    });
    return { step, by, reason, status: 'failed', body: codec.encodeError(error) };
  }
  throw new UsageError('SETTLE_REFUSED', `A step is settled as 'done' or 'not-done', not as ${String(as)}.`, { details: { step } });
}

/** @throws UsageError `SETTLE_REFUSED` for an output that breaks the rules of its class */
export async function checkSettledOutput({ output: type, nullable }: DeclaredOperation, step: string, output: unknown): Promise<void> {
  if (!type || (nullable && output === undefined)) return;
  await readDeclared(output, {
    type,
    refusal: (violations) =>
      new UsageError(
        'SETTLE_REFUSED',
        `What ${step} is said to have given is not valid: ${textOf(violations)}. Give it with \`--output\`.`,
        {
          details: { step, violations },
        },
      ),
  });
}
