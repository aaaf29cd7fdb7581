/**
 * Small TypeScript projects for the analysers, made in a fresh temporary folder with a git history of fixed dates and authors:
 * one with exactly one planted problem for each analyser, one without any, one whose own tool configuration is hostile.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CLEAN, HOTSPOT_COMMITS, hostile, PLANTED, planted, REVISED, revised } from './fixtureSources.js';

export interface FixtureProject extends Disposable {
  readonly root: string;
}

export interface PlantedProject extends FixtureProject {
  readonly planted: typeof planted;
}

export interface HostileProject extends PlantedProject {
  /** A file that stands nowhere unless some program of the project was run. */
  readonly trace: string;
}

/** One problem for each analyser, and `planted.hotspot` changed in two dozen commits by two people. */
export function plantedProject(): PlantedProject {
  return { ...project({ ...CLEAN, ...PLANTED }), planted };
}

/** The same program without the problems. */
export function cleanProject(): FixtureProject {
  return project(CLEAN);
}

/** The planted problems, and for each tool configuration that is broken, hides the problem or is a program. */
export function brokenConfigProject(): HostileProject {
  const outside = bareFolder({});
  const trace = join(outside.root, 'ran');
  const made = project({ ...CLEAN, ...PLANTED, ...hostile(trace) });
  for (const setting of ['core.fsmonitor', 'diff.external', 'gpg.program', 'core.pager'])
    git(made.root, 'config', setting, `touch '${trace}';`);
  git(made.root, 'config', 'log.showSignature', 'true');
  const dispose = (): void => {
    outside[Symbol.dispose]();
    made[Symbol.dispose]();
  };
  return { ...made, planted, trace, [Symbol.dispose]: dispose };
}

/** Any files, without a history. */
export function bareFolder(files: Readonly<Record<string, string>>): FixtureProject {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sixfold-fixture-')));
  write(root, files);
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

function project(files: Readonly<Record<string, string>>): FixtureProject {
  const made = bareFolder(files);
  git(made.root, 'init', '--quiet', '--initial-branch=main');
  commit(made.root, 0);
  for (let revision = 1; revision < HOTSPOT_COMMITS; revision++) {
    write(made.root, { [REVISED]: revised(files[REVISED] ?? '', revision) });
    commit(made.root, revision);
  }
  return made;
}

export function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function commit(root: string, index: number): void {
  const person = index % 2 === 0 ? 'ann' : 'ben';
  const date = `2024-03-${String(index + 1).padStart(2, '0')}T12:00:00Z`;
  git(root, 'add', '--all');
  const who = ['-c', `user.name=${person}`, '-c', `user.email=${person}@example.org`, '-c', 'commit.gpgsign=false'];
  git(root, ...who, '-c', 'core.hooksPath=/dev/null', 'commit', '--quiet', '--message', `Change ${index}`, `--date=${date}`);
}

/** Runs git untouched by the settings of the machine. */
export function git(root: string, ...args: readonly string[]): string {
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_COMMITTER_DATE: '2024-03-20T12:00:00Z',
  };
  return execFileSync('git', [...args], { cwd: root, env, encoding: 'utf8' });
}
