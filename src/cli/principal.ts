/** Who runs something from the command line. */
import { userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';

/** The user of the operating system: by name, or by number where it has none. */
export function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`; // In a container a user need not be known by name.
  }
}

/** The principal of a run that nobody named one for. */
export function standardPrincipal(): object {
  return { user: systemUser(), via: 'cli' };
}

/** An object, or a text as it is. @throws InvalidArgumentError */
export function readPrincipal(text: string): unknown {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty: give an object such as {"user": "ada"}, or a text.');
  if (!text.trimStart().startsWith('{')) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(`It is not JSON (${reason}). Quote it for the shell, such as '{"user": "ada"}'.`);
  }
}
