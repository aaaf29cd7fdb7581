/**
 * What class-transformer was told of the fields of a class. Its storage is an internal path of that package, read here
 * and nowhere else; each class is read once, at its first use.
 */
import { TransformationType, type TransformFnParams } from 'class-transformer';
import { defaultMetadataStorage, type TypeMetadata } from 'class-transformer/cjs/storage.js';
import type { Class } from '../kernel/Class.js';
import type { FieldClass } from '../kernel/codec/marks.js';

/** What `@Type` can name besides a class of the application: a value is converted to it, nothing stands inside it. */
export type Leaf = typeof LEAVES extends Set<infer L> ? L : never;
type Transform = (params: TransformFnParams) => unknown;

/** How the value of a field is converted: first to what `@Type` names, then by each `@Transform`. */
export interface FieldConversion {
  readonly target: Class<object> | undefined;
  readonly leaf: Leaf | undefined;
  readonly transforms: readonly Transform[];
}

/** How an instance of a class is made of a plain object. */
export interface ClassConversion {
  /** The class uses more of class-transformer than static `@Type` and `@Transform`: `@Expose`, `@Exclude`, a discriminator. */
  readonly asWhole: boolean;
  /** The fields with a `@Type` or `@Transform`. */
  readonly fields: ReadonlyMap<string, FieldConversion>;
  /** One of them has a `@Transform`. */
  readonly transforms: boolean;
}

const storage = defaultMetadataStorage;
const LEAVES = new Set([String, Number, Boolean, Date] as const);
/** Carried as what they are, so that no field of theirs is looked at. */
const BUILT_IN: ReadonlySet<unknown> = new Set([...LEAVES, Object, Array, Map, Set, Buffer, Uint8Array, ArrayBuffer, RegExp, Promise]);
const CONVERSIONS = new WeakMap<Class<object>, ClassConversion>();

/** The class of the application that `@Type` declares for a field; a built-in one is not of interest. */
export const declaredFieldClass: FieldClass = (owner, name) => conversionOf(owner).fields.get(name)?.target;

export function conversionOf(type: Class<object>): ClassConversion {
  const known = CONVERSIONS.get(type);
  if (known) return known;
  const types = typesOf(type);
  const names = new Set([...types.keys(), ...lineageOf(type).flatMap((one) => [...(storage._transformMetadatas.get(one)?.keys() ?? [])])]);
  const exposure = storage.getExposedMetadatas(type).length + storage.getExcludedMetadatas(type).length;
  const fields = new Map([...names].map((name) => [name, fieldConversion(type, name, types.get(name))]));
  const conversion = {
    asWhole: exposure > 0 || storage.getStrategy(type) !== 'none' || [...types].some(([name, metadata]) => isDynamic(metadata, name)),
    fields,
    transforms: [...fields.values()].some(({ transforms }) => transforms.length > 0),
  };
  CONVERSIONS.set(type, conversion);
  return conversion;
}

function fieldConversion(type: Class<object>, name: string, metadata: TypeMetadata | undefined): FieldConversion {
  const named = metadata && namedBy(metadata, name);
  const transforms = storage.findTransformMetadatas(type, name, TransformationType.PLAIN_TO_CLASS);
  return {
    target: typeof named === 'function' && !BUILT_IN.has(named) ? (named as Class<object>) : undefined,
    leaf: LEAVES.has(named as Leaf) ? (named as Leaf) : undefined,
    transforms: transforms.filter(({ options }) => !options?.groups?.length).map(({ transformFn }) => transformFn),
  };
}

/** The `@Type` of every field, that of the nearest class of the lineage first. */
function typesOf(type: Class<object>): Map<string, TypeMetadata> {
  return new Map(
    lineageOf(type)
      .toReversed()
      .flatMap((one) => [...(storage._typeMetadatas.get(one) ?? [])]),
  );
}

/** What `@Type` names is to be asked for each value anew, or needs what only class-transformer does with it. */
function isDynamic(metadata: TypeMetadata, name: string): boolean {
  const { typeFunction, options, reflectedType } = metadata;
  const named = namedBy(metadata, name);
  const isNamed = typeof named === 'function' && (LEAVES.has(named as Leaf) || !BUILT_IN.has(named));
  const isCollection =
    typeof reflectedType === 'function' &&
    reflectedType !== Array &&
    [Map, Set, Array].some((one) => reflectedType === one || reflectedType.prototype instanceof one);
  return !isNamed || typeFunction === undefined || typeFunction.length > 0 || options.discriminator !== undefined || isCollection;
}

/** Undefined where it depends on the value. */
function namedBy({ typeFunction, reflectedType }: TypeMetadata, property: string): unknown {
  try {
    return typeFunction ? typeFunction({ newObject: {}, object: {}, property }) : reflectedType;
  } catch {
    return undefined;
  }
}

/** The class and its bases, nearest first. */
function lineageOf(type: Class<object>): readonly Class<object>[] {
  const lineage: Class<object>[] = [];
  for (let one: unknown = type; typeof one === 'function' && one !== Function.prototype; one = Object.getPrototypeOf(one)) {
    lineage.push(one as Class<object>);
  }
  return lineage;
}
