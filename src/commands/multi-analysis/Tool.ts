/**
 * Finds the programs that the analysers run: npm packages beside Sixfold or the host application, and commands on the
 * path. Never a program of the analysed tree, which may be a stranger's.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, isAbsolute, join, sep } from 'node:path';
import { CommandFailure } from '../../kernel/errors.js';

export interface LocatedTool {
  /** What to start. */
  readonly file: string;
  /** Arguments that come before the tool's own. */
  readonly args: readonly string[];
  readonly version: string;
}

export interface Tool {
  readonly name: string;
  /** @throws CommandFailure `ANALYSER_NOT_INSTALLED` with the command that installs it. */
  locate(): LocatedTool;
}

export interface PackageToolOptions {
  readonly package: string;
  /** Which of the package's commands. @default the one called like the package, else its first */
  readonly bin?: string;
  /** How reports call it. @default the package's name */
  readonly name?: string;
  /**
   * What its JavaScript may touch, by Node's permission model; it may then write nothing and start nothing. `packages`: read
   * what is installed beside it, so that a program of the analysed tree cannot be loaded. `files`: read everything. Native code
   * that it loads is not held by this. @default not confined
   */
  readonly mayRead?: 'packages' | 'files';
  /** Text of a JavaScript module that runs before the tool. */
  readonly preload?: string;
}

const VERSION_TIMEOUT_MS = 5000;

/**
 * An npm package's command, looked for in the `node_modules` folders above Sixfold's own files, then in those above the
 * working directory of this process. The analysed tree is never looked at: its `node_modules` would run foreign code. Only
 * where a person starts Sixfold inside the tree that it analyses are the two the same, and then by that person's choice.
 */
export function packageTool(options: PackageToolOptions): Tool {
  const name = options.name ?? options.package;
  return {
    name,
    locate: () => {
      const folder = packageFolder(options.package);
      if (!folder) throw notInstalled(name, `npm install --save-dev ${options.package}`);
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
      const script = join(folder, binOf(manifest, options));
      return { file: process.execPath, args: [...confinement(folder, options), script], version: manifest.version };
    },
  };
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin?: string | Readonly<Record<string, string>>;
}

function binOf(manifest: Manifest, options: PackageToolOptions): string {
  const bins = typeof manifest.bin === 'string' ? { [options.package]: manifest.bin } : (manifest.bin ?? {});
  const bin = bins[options.bin ?? options.package] ?? Object.values(bins)[0];
  if (!bin) throw notInstalled(options.package, `${manifest.name} ${manifest.version} has no command; install another version`);
  return bin;
}

function confinement(folder: string, options: PackageToolOptions): string[] {
  const readable = options.mayRead === 'packages' ? installation(folder) : '*';
  return [
    ...(options.mayRead ? ['--permission', '--allow-addons', '--disable-warning=PERM0001', `--allow-fs-read=${readable}`] : []),
    ...(options.preload ? ['--import', `data:text/javascript,${encodeURIComponent(options.preload)}`] : []),
  ];
}

/** The outermost `node_modules` that holds a package, because package managers keep its dependencies elsewhere in there. */
function installation(folder: string): string {
  const segment = `${sep}node_modules${sep}`;
  const start = folder.indexOf(segment);
  return start < 0 ? folder : folder.slice(0, start + segment.length - 1);
}

/** Where a package is installed, for Sixfold or for the host, or undefined. Does not depend on what its `exports` shows. */
export function packageFolder(name: string): string | undefined {
  for (const origin of [import.meta.url, join(process.cwd(), 'package.json')]) {
    for (const modules of createRequire(origin).resolve.paths(name) ?? []) {
      const folder = join(modules, name);
      if (existsSync(join(folder, 'package.json'))) return realpathSync(folder);
    }
  }
  return undefined;
}

/** A command on the path. Relative entries of the path are skipped: they could mean the analysed tree. */
export function pathTool(command: string, versionArgs: readonly string[]): Tool {
  let located: LocatedTool | undefined;
  return {
    name: command,
    locate: () => {
      located ??= locateOnPath(command, versionArgs);
      return located;
    },
  };
}

function locateOnPath(command: string, versionArgs: readonly string[]): LocatedTool {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(isAbsolute);
  const file = folders.map((folder) => join(folder, command)).find(isExecutable);
  if (!file) throw notInstalled(command, `install ${command} and put it on the path`);
  const printed = execFileSync(file, versionArgs, { encoding: 'utf8', timeout: VERSION_TIMEOUT_MS, stdio: ['ignore', 'pipe', 'ignore'] });
  return { file, args: [], version: /\d+(\.\d+)+/.exec(printed)?.[0] ?? printed.trim() };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The error of a tool that is missing. */
export function notInstalled(name: string, remedy: string): CommandFailure {
  return new CommandFailure('ANALYSER_NOT_INSTALLED', `${name} is not installed: ${remedy}`, { details: { tool: name } });
}
