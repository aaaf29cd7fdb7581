declare module 'class-transformer/cjs/storage.js' {
  import type { Class } from '../kernel/Class.js';
  export const defaultMetadataStorage: {
    findTypeMetadata(target: Class<object>, property: string): { readonly typeFunction: () => unknown } | undefined;
  };
}
