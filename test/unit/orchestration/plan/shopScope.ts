/** Scopes of a shop as plain JavaScript would have them: the mistakes in them do not compile. */

import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import type { OrchestrationPlan } from '../../../../src/orchestration/plan/OrchestrationPlan.js';
import { planOf } from '../../../../src/orchestration/plan/planOf.js';
import type { AnyScope } from '../../../../src/orchestration/scope.js';
import { operation } from '../../../../src/systems/operation.js';
import { System, type SystemSpec, system } from '../../../../src/systems/System.js';

export class Line {
  @IsString() sku!: string;
  @IsInt() quantity!: number;
}

export class Order {
  @IsString() id!: string;
  @IsOptional() @IsString() note?: string;
}

export class Reservation {
  @IsString() id!: string;
  @IsInt() total!: number;
  @Type(() => Line)
  @ValidateNested({ each: true })
  lines!: Line[];
}

export class Amount {
  @IsString() order!: string;
  @IsInt() cents!: number;
}

export class Receipt {
  @IsString() number!: string;
}

/** Of operations that say nothing else. */
const QUICK = { policy: { timeoutMs: 1000 } };

type Operations = { readonly [name: string]: object };

/** An instance of a class of its own; `methods` are no operations. */
export function made(name: string, operations: Operations, spec: SystemSpec = {}, methods: readonly string[] = []): System {
  class Made extends System {}
  Object.defineProperty(Made, 'name', { value: name });
  system({ version: '1.2.0', ...spec })(Made);
  for (const method of [...Object.keys(operations), ...methods]) {
    const descriptor = { value: () => Promise.reject(new Error('a plan calls nothing')), writable: true, configurable: true };
    const declare = operations[method] ? (operation({ ...QUICK, ...operations[method] }) as unknown as MethodDecorator) : undefined;
    declare?.(Made.prototype, method, descriptor);
    Object.defineProperty(Made.prototype, method, descriptor);
  }
  return new Made();
}

const RESERVE = { input: Order, output: Reservation, undo: 'release' };
const CHARGE = { input: Amount, output: Receipt, effect: 'once', probe: 'findCharge' };

/** `{ reserve: { … } }` changes an operation, or adds one. */
export const inventory = (changed: Operations = {}, spec: SystemSpec = {}): System =>
  made('Inventory', { reserve: RESERVE, release: { input: Reservation }, count: { output: Receipt, effect: 'read' }, ...changed }, spec);

export const payments = (changed: Operations = {}, spec: SystemSpec = {}): System =>
  made('Payments', { charge: CHARGE, ...changed }, spec, ['findCharge', 'chargeAll']);

export const mailer = (changed: Operations = {}, spec: SystemSpec = {}): System =>
  made('Mailer', { send: { input: Receipt }, ...changed }, spec);

export { CHARGE, RESERVE };

export function planned(scope: AnyScope): OrchestrationPlan {
  return { ...planOf('place-order', scope), pattern: 'centralized' };
}

/** `code subject` of each risk. */
export function risksOf(scope: AnyScope): string[] {
  return planned(scope).risks.map(({ code, subject }) => `${code} ${subject}`);
}
