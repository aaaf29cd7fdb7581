/** The built package as Node loads it: fresh processes, since this one has loaded it all. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
/**
 * What every application with sixfold has loaded; winston is a peer as well, and is left to the first line that is logged.
 * With node:util Node itself opens standard error.
 */
const PEERS = "import 'inversify'; import 'reflect-metadata'; import 'class-validator'; import 'class-transformer'; import 'node:util';";

/** What the script, a module, prints as JSON. */
function inProcess<T>(script: string): T {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

describe('import of sixfold', () => {
  it('leaves nothing running or open, prints nothing and adds no global', () => {
    const { before, after } = inProcess<Record<'before' | 'after', object>>(`
      ${PEERS}
      import { readdirSync } from 'node:fs';
      const state = () => ({
        resources: process.getActiveResourcesInfo(),
        files: process.platform === 'linux' ? readdirSync('/proc/self/fd') : [],
        globals: Reflect.ownKeys(globalThis).map(String),
        listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
        environment: Object.keys(process.env),
      });
      const before = state();
      await import('sixfold');
      console.log(JSON.stringify({ before, after: state() }));
    `);
    expect(after).toEqual(before);
  });

  /** Files and packages that the import of some doors loads. */
  function loadedBy(...doors: readonly string[]): string[] {
    return inProcess<string[]>(`
      ${PEERS}
      import { readFileSync } from 'node:fs';
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({
        load(url, context, next) {
          loaded.push(url.startsWith('file:') && !url.includes('/node_modules/') ? readFileSync(new URL(url), 'utf8') : url);
          return next(url, context);
        },
      });
      for (const door of ${JSON.stringify(doors)}) await import(door);
      console.log(JSON.stringify(loaded.flatMap((found) => found.match(/^\\/\\/ src\\/.*$/gm) ?? found.match(/^node:.*|(?<=.*\\/node_modules\\/).*/) ?? [])));
    `);
  }

  it('loads neither what only some programs need, nor a command or the command line', () => {
    const loaded = loadedBy('sixfold');
    expect(loaded).toEqual(expect.arrayContaining(['// src/orchestration/OrchestrationCommand.ts', '// src/host/CommandRunner.ts']));
    const late =
      /^(node:(sqlite|worker_threads)|winston|lru-cache|undici|@grpc|semver|@opentelemetry|@restatedev|commander|\/\/ src\/(commands|cli|observability|engine\/restate))\b/;
    expect(loaded.filter((name) => late.test(name))).toEqual([]);
  });

  it('loads no SDK of Restate for the engine on it, which only a worker needs', () => {
    const loaded = loadedBy('sixfold', 'sixfold/restate');
    expect(loaded).toContain('// src/engine/restate/RestateEngine.ts');
    expect(loaded.filter((name) => name.startsWith('@restatedev'))).toEqual([]);
  });
});

describe('the doors', () => {
  it('share their classes, so that instanceof and the container know them whichever way they came', () => {
    const shared = inProcess<object>(`
      ${PEERS}
      const [sixfold, { MultiAnalysisExecutionCommand }] = await Promise.all([import('sixfold'), import('sixfold/commands/multi-analysis')]);
      const { main } = await import('./dist/cli/main.js');
      console.log(JSON.stringify({
        base: Object.getPrototypeOf(MultiAnalysisExecutionCommand) === sixfold.OrchestrationCommand,
        declared: sixfold.registeredCommand(MultiAnalysisExecutionCommand).name,
        main: typeof main,
      }));
    `);
    expect(shared).toEqual({ base: true, declared: 'multi-analysis', main: 'function' });
  });

  it('give each class the name that it is exported by, and the version of the package', () => {
    const { exports, version: own } = jest.requireActual<{ exports: object; version: string }>(join(ROOT, 'package.json'));
    const paths = Object.keys(exports).filter((path) => !path.endsWith('.json'));
    const { renamed, version } = inProcess<{ renamed: string[]; version: string }>(`
      ${PEERS}
      import { sixfoldVersion } from 'sixfold';
      const doors = await Promise.all(${JSON.stringify(paths)}.map((path) => import(path.replace('.', 'sixfold'))));
      const functions = doors.flatMap((door) => Object.entries(door)).filter(([, value]) => typeof value === 'function');
      const renamed = functions.filter(([name, value]) => value.name !== name).map(([name, value]) => name + ' is ' + value.name);
      console.log(JSON.stringify({ renamed, version: sixfoldVersion() }));
    `);
    expect(renamed).toEqual([]);
    expect(version).toBe(own);
  });
});
