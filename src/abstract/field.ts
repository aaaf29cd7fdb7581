import { UsageError } from '../kernel/errors.js';

/** What the rules of class-validator do not say of a params field. */
export interface FieldSpec {
  readonly description?: string;
  /** What stands for the value in help. @default the type */
  readonly placeholder?: string;
  /** One letter for the command line. */
  readonly short?: string;
  /** May be given without its name, at this place after the command's name; 0 is the first. */
  readonly positional?: number;
  /** The value is a reference to a secret, such as `env:STRIPE_KEY`, never the secret itself. @default false */
  readonly secret?: boolean;
}

const FIELDS = new WeakMap<object, Map<string, FieldSpec>>();
const SHORT = /^[A-Za-z]$/;

/** Describes a params field to the command line. Flag, type, default, choices and range come from its rules and initialiser. */
export function field(spec: FieldSpec): PropertyDecorator {
  return (target, key) => {
    if (spec.short !== undefined && !SHORT.test(spec.short)) {
      throw new UsageError(
        'FIELD_INVALID',
        `@field on ${target.constructor.name}.${String(key)}: short is "${spec.short}"; it is one letter.`,
      );
    }
    const own = FIELDS.get(target) ?? new Map<string, FieldSpec>();
    own.set(String(key), spec);
    FIELDS.set(target, own);
  };
}

/** The description of a field, from the nearest class of the lineage that has one. */
export function fieldSpecOf(type: { readonly prototype: object }, name: string): FieldSpec {
  for (let prototype: object | null = type.prototype; prototype; prototype = Object.getPrototypeOf(prototype)) {
    const spec = FIELDS.get(prototype)?.get(name);
    if (spec) return spec;
  }
  return {};
}

/** The fields of a class and its bases that have a description. */
export function describedFieldsOf(type: { readonly prototype: object }): readonly string[] {
  const names = new Set<string>();
  for (let prototype: object | null = type.prototype; prototype; prototype = Object.getPrototypeOf(prototype)) {
    for (const name of FIELDS.get(prototype)?.keys() ?? []) names.add(name);
  }
  return [...names];
}

declare const DEFAULTED: unique symbol;
/** A params field with an initialiser: optional for the caller, present in the hook. */
export type Default<T> = T & { readonly [DEFAULTED]?: never };
type IsDefault<T> = typeof DEFAULTED extends keyof T ? true : false;
/** What a caller gives for params `P`: fields marked `Default` may be left out. */
export type InputOf<P> = { [K in keyof P as IsDefault<P[K]> extends true ? never : K]: P[K] } & {
  [K in keyof P as IsDefault<P[K]> extends true ? K : never]?: P[K];
};
