import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '../../../kernel/Call.js';
import type { ProgramOutput } from '../../../systems/channels/ProcessChannel.js';
import { system } from '../../../systems/System.js';
import { Analyser, type Invocation, type Reading } from '../Analyser.js';
import type { Finding, Place } from '../Finding.js';
import { packageTool } from '../Tool.js';
import type { TreeSurvey } from '../TreeSurvey.js';
import { JsonValue } from './JsonValue.js';

/** Shorter clones are mostly lists of imports and forms of the language. */
const TOKENS_MIN = 70;
const LINES_MIN = 8;
/** Larger files are skipped: they are generated. */
const FILE_SIZE_MAX = '1mb';
const COPIES_TOLD_MAX = 50;

/** Finds copied code with jscpd: one finding for each passage, at its first place, with the copies as related places. */
@system({ name: 'duplication', version: '1.0.0', protocol: 'process' })
export class Duplication extends Analyser {
  override readonly analyser = 'duplication';
  protected override readonly tool = packageTool({ package: 'jscpd' });

  protected override async invocation(tree: TreeSurvey, call: Call): Promise<Invocation> {
    const folder = await this.ownFolder(call);
    const config = join(folder, 'jscpd.json');
    await writeFile(config, JSON.stringify(configFor(tree, folder)));
    return { args: ['.', `--config=${config}`], env: { JSCPD_NO_TIPS: '1' } };
  }

  protected override async read(_output: ProgramOutput, _tree: TreeSurvey, call: Call): Promise<Reading> {
    const report = JsonValue.parse(await readFile(join(await call.workspace(), this.analyser, 'jscpd-report.json'), 'utf8'));
    const passages = new Passages();
    for (const duplicate of report.at('duplicates').list)
      passages.join(placeOf(duplicate.at('firstFile')), placeOf(duplicate.at('secondFile')));
    return { findings: passages.all().map(findingOf) };
  }
}

/** jscpd tells of pairs; places that are joined by pairs hold one and the same passage. */
class Passages {
  private readonly passageAt = new Map<string, Place[]>();

  join(...pair: readonly [Place, Place]): void {
    const [larger, smaller] = pair.map((place) => this.passageOf(place)).sort((a, b) => b.length - a.length) as [Place[], Place[]];
    if (larger === smaller) return;
    for (const place of smaller) {
      larger.push(place);
      this.passageAt.set(keyOf(place), larger);
    }
  }

  private passageOf(place: Place): Place[] {
    const passage = this.passageAt.get(keyOf(place)) ?? [place];
    this.passageAt.set(keyOf(place), passage);
    return passage;
  }

  all(): readonly (readonly Place[])[] {
    return [...new Set(this.passageAt.values())].map((places) => places.sort(byPlace));
  }
}

function configFor(tree: TreeSurvey, output: string) {
  return {
    minTokens: TOKENS_MIN,
    minLines: LINES_MIN,
    maxSize: FILE_SIZE_MAX,
    format: ['javascript', 'jsx', 'typescript', 'tsx'],
    ignore: ['**/node_modules/**', ...tree.outside.map((folder) => `${folder.replaceAll(/[*?[\]{}!]/g, '?')}/**`)],
    // A folder that git ignores as a whole was walked for that reason, and jscpd would see nothing of it.
    noGitignore: tree.listedBy === 'walk',
    reporters: ['json'],
    output,
    silent: true,
    noTips: true,
  };
}

function findingOf(places: readonly Place[]): Finding {
  const [first, copy, ...more] = places as [Place, Place, ...Place[]];
  const others = more.length > 0 ? ` and in ${more.length} more places` : '';
  return {
    analyser: 'duplication',
    rule: 'duplicated-code',
    level: 'warning',
    message: `${first.endLine - first.startLine + 1} lines stand again in ${copy.path} from line ${copy.startLine}${others}.`,
    ...first,
    related: places.slice(1, 1 + COPIES_TOLD_MAX),
  };
}

function keyOf({ path, startLine, endLine }: Place): string {
  return `${path}:${startLine}-${endLine}`;
}

function placeOf(file: JsonValue): Place {
  return { path: file.at('name').text, startLine: file.at('start').line, endLine: file.at('end').line };
}

function byPlace(a: Place, b: Place): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.startLine - b.startLine;
}
