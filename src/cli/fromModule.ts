/** A user's application: the container that a module exports, with the commands, systems and journal that it was given. */
import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Container } from 'inversify';
import {
  type CommandRunner,
  type ErrorCode,
  embeddedEngine,
  type RegisteredCommand,
  registeredCommandsOf,
  SixfoldError,
  startSixfold,
  UsageError,
} from '../index.js';
import type { Application, OpenOptions } from './Application.js';
import { chosenEngine } from './chosenEngine.js';
import { firstLineOf } from './explain.js';

/** A file, and who named it: a flag, a variable or a package.json. */
export interface AppFile {
  readonly file: string;
  readonly namedBy: string;
}

const REMEDY = 'Export an Inversify container that has sixfoldModule, or a function that gives one.';

/** @throws UsageError `APP_NOT_FOUND`, `APP_NOT_LOADED`, `APP_NOT_A_CONTAINER`, `SIXFOLD_NOT_LOADED`, each naming the file. */
export async function fromModule(app: AppFile): Promise<Application> {
  const refused = (code: ErrorCode, what: string, cause?: unknown): UsageError =>
    new UsageError(code, `${app.file}, named by ${app.namedBy}, ${what}`, { cause, details: { file: app.file } });
  refuseWhatIsNoScript(app.file, refused);
  const exported = await load(app.file).catch((error: unknown) => {
    throw refused('APP_NOT_LOADED', `cannot be loaded: ${firstLineOf(error)} (--verbose shows the stack)`, error);
  });
  if (exported === undefined) throw refused('APP_NOT_A_CONTAINER', `exports no default, or gives undefined. ${REMEDY}`);
  if (!isContainer(exported)) throw refused('APP_NOT_A_CONTAINER', `exports something else than a container as its default. ${REMEDY}`);
  try {
    return new ModuleApplication(exported, registeredCommandsOf(exported));
  } catch (error) {
    throw error instanceof SixfoldError ? refused(error.code, `cannot be used: ${error.message}`, error) : error;
  }
}

class ModuleApplication implements Application {
  readonly journal = 'own';

  constructor(
    private readonly container: Container,
    readonly commands: readonly RegisteredCommand[],
  ) {}

  async open({ purpose, start }: OpenOptions): Promise<CommandRunner> {
    // A plan neither makes nor locks the journal, and asks no server.
    const engine = purpose === 'plan' ? embeddedEngine({ file: ':memory:' }) : (start?.engine ?? (await chosenEngine()));
    return startSixfold(this.container, { ...start, ...(engine && { engine }), resume: purpose === 'serve' });
  }

  /** Closes what the container opened and knows how to close. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.container.unbindAllAsync();
  }
}

function refuseWhatIsNoScript(file: string, refused: (code: ErrorCode, what: string) => UsageError): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) throw refused('APP_NOT_FOUND', 'does not exist. Build the application, or correct the name.');
  if (!found.isFile()) throw refused('APP_NOT_FOUND', 'is not a file. Name the module whose default export is the container.');
  if (/\.[cm]?tsx?$/.test(file)) {
    throw refused('APP_NOT_LOADED', 'is TypeScript, whose decorators Node does not run. Compile it and name the JavaScript file.');
  }
}

async function load(file: string): Promise<unknown> {
  const { default: exported } = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  return typeof exported === 'function' ? await exported() : exported;
}

/** By what it can do, since it may come from another copy of Inversify. */
function isContainer(candidate: unknown): candidate is Container {
  if (typeof candidate !== 'object' || candidate === null) return false;
  return ['get', 'getAll', 'isCurrentBound', 'load'].every((name) => typeof Reflect.get(candidate, name) === 'function');
}
