import type { Call } from '../../../kernel/Call.js';
import type { ProgramOutput } from '../../../systems/channels/ProcessChannel.js';
import { system } from '../../../systems/System.js';
import { Analyser, type Invocation, type Reading } from '../Analyser.js';
import { GIT, GIT_ENVIRONMENT, GIT_READ_ONLY } from '../git.js';
import type { TreeSurvey } from '../TreeSurvey.js';

const PERIOD_MONTHS = 12;
const COMMITS_MAX = 20_000;
/** Stands before the author of a commit; no file name begins with it. */
const COMMIT_MARK = '\u0001';

interface Changes {
  commits: number;
  readonly authors: Set<string>;
}

/**
 * Counts, with git, the commits that changed each file and the people who made them, in the twelve months before the newest
 * commit (not before today, so the result can be had again), at most 20,000 commits, merges left out. A renamed file begins anew
 * under its new name. Makes no findings of its own: with the complexity it makes hotspots.
 */
@system({ name: 'change-history', version: '1.0.0', protocol: 'process' })
export class ChangeHistory extends Analyser {
  override readonly analyser = 'history';
  protected override readonly tool = GIT;

  protected override inapplicable(tree: TreeSurvey): string | undefined {
    return tree.hasHistory ? undefined : (tree.noHistory ?? 'the folder has no git history');
  }

  protected override async invocation(tree: TreeSurvey, call: Call): Promise<Invocation> {
    const head = await this.run(git('log', '-1', '--format=%cI'), tree, call);
    const selection = [`--since=${monthsBefore(head.stdout.trim())}`, `--max-count=${COMMITS_MAX}`, '--no-merges'];
    const shown = ['--name-only', '-z', '--relative', '--no-renames', '--no-ext-diff', '--no-textconv', `--format=${COMMIT_MARK}%aE`];
    return git('log', ...selection, ...shown, '--', '.');
  }

  protected override async read(output: ProgramOutput, tree: TreeSurvey, call: Call): Promise<Reading> {
    const changes = changesIn(output.stdout);
    const shallow = await this.run(git('rev-parse', '--is-shallow-repository'), tree, call);
    return {
      findings: [],
      measures: [...changes].map(([path, { commits, authors }]) => ({ path, commits, authors: authors.size })),
      notes: [
        ...(shallow.stdout.trim() === 'true' ? ['The repository is a shallow clone: the history is cut off, and counts are too low.'] : []),
        ...(changes.size === 0 ? [`No commit of the last ${PERIOD_MONTHS} months of the history changed a file of the folder.`] : []),
      ],
    };
  }
}

function git(...args: readonly string[]): Invocation {
  return { args: [...GIT_READ_ONLY, ...args], env: GIT_ENVIRONMENT };
}

function monthsBefore(isoDate: string): string {
  const date = new Date(isoDate);
  date.setUTCMonth(date.getUTCMonth() - PERIOD_MONTHS);
  return date.toISOString();
}

/** Reads `<mark><author> NUL LF <path> NUL <path> NUL <mark>…`. */
function changesIn(log: string): ReadonlyMap<string, Changes> {
  const changes = new Map<string, Changes>();
  let author: string | undefined;
  for (const part of log.split('\0')) {
    const text = part.replace(/^\n/, '');
    if (text.startsWith(COMMIT_MARK)) {
      author = text.slice(COMMIT_MARK.length).toLowerCase();
      continue;
    }
    if (text === '') continue;
    if (author === undefined) throw new Error('a path before the first commit');
    const change = changes.get(text) ?? { commits: 0, authors: new Set() };
    change.commits += 1;
    change.authors.add(author);
    changes.set(text, change);
  }
  return changes;
}
