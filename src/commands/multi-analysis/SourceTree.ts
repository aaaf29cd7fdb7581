/**
 * The analysed folder as a system: says which of its files are source, and a fingerprint that tells whether they changed.
 * Reads only.
 */
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import type { Call } from '../../kernel/Call.js';
import { CommandFailure, messageOf } from '../../kernel/errors.js';
import { ProcessChannel, type ProgramOutput } from '../../systems/channels/ProcessChannel.js';
import { operation } from '../../systems/operation.js';
import { System, system } from '../../systems/System.js';
import { fingerprinted } from './fileStates.js';
import { GIT, GIT_ENVIRONMENT, GIT_READ_ONLY } from './git.js';
import { SurveyRequest } from './SurveyRequest.js';
import { FILES_MAX, foldersOutside, walk } from './sourceFolders.js';
import { isScript, TreeSurvey } from './TreeSurvey.js';

const TIMEOUT_MS = 2 * 60_000;
/** Of git: a fatal error, such as no repository here. */
const FATAL = 128;

interface Listing {
  readonly listedBy: 'git' | 'walk';
  readonly paths: readonly string[];
  readonly noHistory: string | undefined;
}

@system({ name: 'source-tree', version: '1.0.0', protocol: 'file' })
export class SourceTree extends System {
  private readonly programs = new ProcessChannel();

  /**
   * Lists the source files of a folder. In a git work tree these are the tracked files and the untracked ones that git does not
   * ignore; elsewhere, and in a folder that git ignores as a whole, all files but those in folders that usually hold no source.
   * Links and submodules are left out.
   *
   * @throws CommandFailure `SOURCE_TREE_UNREADABLE` where there is no such folder, `SOURCE_TREE_TOO_LARGE` above 200,000 files.
   */
  @operation({ input: SurveyRequest, output: TreeSurvey, effect: 'read', policy: { timeoutMs: TIMEOUT_MS } })
  async survey(request: SurveyRequest, call: Call): Promise<TreeSurvey> {
    const root = await folderAt(request.root);
    const listing = await this.list(root, call);
    if (listing.paths.length > FILES_MAX) throw tooLarge(root);
    const excluded = excludedIn(root, request);
    const paths = listing.paths.filter((path) => !excluded.some((folder) => path.startsWith(folder)));
    const { paths: files, fingerprint } = await fingerprinted(root, paths, call.signal);
    return Object.assign(new TreeSurvey(), {
      root,
      files,
      scripts: files.filter(isScript).length,
      hasPackageJson: files.includes('package.json'),
      hasHistory: listing.noHistory === undefined,
      ...(listing.noHistory === undefined ? {} : { noHistory: listing.noHistory }),
      listedBy: listing.listedBy,
      outside: await foldersOutside(root, files, call.signal),
      fingerprint,
    });
  }

  private async list(root: string, call: Call): Promise<Listing> {
    const listed = await this.git(['ls-files', '-z', '--cached', '--others', '--exclude-standard'], root, call);
    const noHistory = typeof listed === 'string' ? listed : await this.missingHistory(root, call);
    const paths = typeof listed === 'string' ? [] : [...new Set(listed.stdout.split('\0'))].filter(isSource);
    if (paths.length > 0) return { listedBy: 'git', paths, noHistory };
    return { listedBy: 'walk', paths: (await walk(root, call.signal)) ?? refuse(root), noHistory };
  }

  private async missingHistory(root: string, call: Call): Promise<string | undefined> {
    const head = await this.git(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], root, call);
    if (typeof head === 'string') return head;
    return head.exitCode === 0 ? undefined : 'the git repository of the folder has no commit yet';
  }

  /** What git printed, or in one sentence why it has nothing to say about the folder. */
  private async git(args: readonly string[], root: string, call: Call): Promise<ProgramOutput | string> {
    let file: string;
    try {
      file = GIT.locate().file;
    } catch (error) {
      return messageOf(error);
    }
    const output = await this.programs.run(
      { file, args: [...GIT_READ_ONLY, ...args], cwd: root, env: GIT_ENVIRONMENT, exitCodes: [0, 1, FATAL] },
      call,
    );
    return output.exitCode === FATAL ? whyNot(output.stderr) : output;
  }
}

async function folderAt(path: string): Promise<string> {
  try {
    const root = await realpath(path);
    if ((await stat(root)).isDirectory()) return root;
  } catch (error) {
    throw new CommandFailure('SOURCE_TREE_UNREADABLE', `${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
  throw new CommandFailure('SOURCE_TREE_UNREADABLE', `${path} is not a folder.`);
}

/** The excluded folders as beginnings of paths; one that is not inside the root excludes nothing. */
function excludedIn(root: string, request: SurveyRequest): string[] {
  const origins = new Set([root, resolve(request.root)]);
  return (request.exclude ?? [])
    .flatMap((folder) => [...origins].map((origin) => relative(origin, resolve(folder)).replaceAll('\\', '/')))
    .filter((path) => path !== '' && !path.startsWith('..') && !isAbsolute(path))
    .map((path) => `${path}/`);
}

/** Installed packages are nobody's source, even where somebody committed them. git names nested repositories with a slash at the end. */
function isSource(path: string): boolean {
  return path !== '' && !path.endsWith('/') && !/(^|\/)node_modules\//.test(path);
}

function whyNot(stderr: string): string {
  if (stderr.includes('not a git repository')) return 'the folder is not in a git work tree';
  if (stderr.includes('dubious ownership')) {
    return 'git does not read the folder because it belongs to another user: git config --global --add safe.directory <folder>';
  }
  return `git cannot read the folder (${stderr.trim().split('\n')[0]})`;
}

function tooLarge(root: string): CommandFailure {
  return new CommandFailure('SOURCE_TREE_TOO_LARGE', `${root} has more than ${FILES_MAX} source files; analyse a folder inside it.`, {
    details: { root, filesMax: FILES_MAX },
  });
}

function refuse(root: string): never {
  throw tooLarge(root);
}
