/** Rules for folders in params: each message says which folder and what is wrong with it. */
import { constants } from 'node:fs';
import { access, opendir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { registerDecorator } from 'class-validator';

/** An existing folder that can be read and is not empty. */
export function IsSourceFolder(): PropertyDecorator {
  return folderRule('isSourceFolder', troubleOfSource);
}

/** A folder that can be written, or can be made where it stands. */
export function IsWritableFolder(): PropertyDecorator {
  return folderRule('isWritableFolder', troubleOfTarget);
}

/** `troubleOf` tells what is wrong, or undefined. class-validator asks for the message after the verdict, of the same value. */
function folderRule(name: string, troubleOf: (path: string) => Promise<string | undefined>): PropertyDecorator {
  return (target, property) => {
    const troubles = new Map<unknown, string>();
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      validator: {
        async validate(value: unknown) {
          if (typeof value !== 'string' || value === '') return true; // Other rules say so.
          const trouble = await troubleOf(value);
          if (trouble !== undefined) troubles.set(value, trouble);
          return trouble === undefined;
        },
        defaultMessage(args) {
          const trouble = troubles.get(args?.value) ?? 'is no such folder';
          troubles.delete(args?.value);
          return trouble;
        },
      },
    });
  };
}

async function troubleOfSource(path: string): Promise<string | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return `${path} is a file; give the folder that holds it`;
    const folder = await opendir(path);
    const first = await folder.read();
    await folder.close();
    return first ? undefined : `${path} is empty: there is nothing to analyse`;
  } catch (error) {
    return reasonOf(error, path, 'read');
  }
}

async function troubleOfTarget(path: string): Promise<string | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return `${path} is a file; name a folder`;
    await access(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && parent !== path) return troubleOfTarget(parent);
    return reasonOf(error, path, 'written');
  }
}

function reasonOf(error: unknown, path: string, use: 'read' | 'written'): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `${path} does not exist`;
  if (code === 'ENOTDIR') return `${path} is below a file`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return `${path} cannot be ${use}: permission denied`;
  return `${path} cannot be ${use}: ${message}`;
}
