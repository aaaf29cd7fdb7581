/**
 * Which class a field holds, as class-transformer's `@Type` declares it. The storage is an internal path of that
 * package, read here and nowhere else.
 */
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { FieldClass } from '../kernel/codec/marks.js';

export const declaredFieldClass: FieldClass = (owner, name) => {
  const metadata = defaultMetadataStorage.findTypeMetadata(owner, name);
  return metadata?.typeFunction() as ReturnType<FieldClass>;
};
