declare module 'class-transformer/cjs/storage.js' {
  import type { TransformFnParams, TransformOptions, TypeHelpOptions, TypeOptions } from 'class-transformer';
  import type { Class } from '../kernel/Class.js';
  export interface TypeMetadata {
    readonly typeFunction: ((help: TypeHelpOptions) => unknown) | undefined;
    readonly reflectedType: unknown;
    readonly options: TypeOptions;
  }
  export interface TransformMetadata {
    readonly transformFn: (params: TransformFnParams) => unknown;
    readonly options: TransformOptions | undefined;
  }
  export const defaultMetadataStorage: {
    readonly _typeMetadatas: ReadonlyMap<unknown, ReadonlyMap<string, TypeMetadata>>;
    readonly _transformMetadatas: ReadonlyMap<unknown, ReadonlyMap<string, unknown>>;
    findTransformMetadatas(target: Class<object>, property: string, direction: number): readonly TransformMetadata[];
    getExposedMetadatas(target: Class<object>): readonly unknown[];
    getExcludedMetadatas(target: Class<object>): readonly unknown[];
    getStrategy(target: Class<object>): string;
  };
}
