/** The words of a recommendation: what to do, and in one sentence why this and why here. */
import type { Hotspot, ResolvedFinding } from '../AnalysisReport.js';
import type { AnalyserName, Level } from '../Finding.js';
import type { Measures } from './measures.js';

/** The history analyser looks at twelve months, which end with the newest commit and not with today. */
const PERIOD = 'within a year';
const MESSAGE_CHARACTERS_MAX = 240;
/** Below McCabe's limit for a single function a file's complexity explains nothing. */
const CYCLOMATIC_WORTH_TELLING = 10;

/** What to do about findings of one rule in one file; the first is the worst. */
export function titleOfFindings(findings: readonly [ResolvedFinding, ...ResolvedFinding[]]): string {
  const [first] = findings;
  const title = ACTIONS[first.analyser](nameOf(first.path), first, findings.length);
  return findings.length === 1 ? title : `${title} (${findings.length} places)`;
}

const ACTIONS: Readonly<Record<AnalyserName, (name: string, finding: ResolvedFinding, places: number) => string>> = {
  secrets: (name, _finding, places) =>
    places === 1 ? `Revoke the secret in ${name} and remove it` : `Revoke the secrets in ${name} and remove them`,
  cycles: (name, finding) => {
    const other = finding.related?.find((place) => place.path !== finding.path);
    return other ? `Break the import cycle between ${name} and ${nameOf(other.path)}` : `Break the import cycle through ${name}`;
  },
  'dead-code': (name, { rule }) => DEAD_CODE_ACTIONS.get(rule)?.(name) ?? `Remove what nothing uses from ${name}`,
  complexity: (name) => `Simplify ${name}`,
  duplication: (name, finding) => {
    const twin = finding.related?.[0];
    if (!twin) return `Keep one copy of the code that ${name} repeats`;
    return twin.path === finding.path
      ? `Keep one copy of the code that ${name} repeats`
      : `Keep one copy of the code that ${name} shares with ${nameOf(twin.path)}`;
  },
  lint: (name, finding) => `Fix ${finding.rule} in ${name}`,
  history: (name, finding) => `Look at ${finding.rule} in ${name}`,
};

/** The dead-code analyser also tells of what is used and not there. */
const DEAD_CODE_ACTIONS: ReadonlyMap<string, (name: string) => string> = new Map([
  ['unused-file', (name) => `Delete ${name}, which nothing uses`],
  ['unlisted-dependency', (name) => `Declare the dependency that ${name} uses`],
  ['unresolved-import', (name) => `Correct the import of ${name} that leads nowhere`],
]);
const MISSING_RULES: readonly string[] = ['unlisted-dependency', 'unresolved-import'];

const CONSEQUENCES: Readonly<Record<AnalyserName, string | undefined>> = {
  secrets: 'whoever can read the repository can use it',
  cycles: 'no file of a cycle can be understood, tested or moved without the others',
  'dead-code': 'it is read and maintained for nothing',
  complexity: 'it is hard to test and easy to break',
  duplication: 'a fix in one copy is easily forgotten in the other',
  lint: undefined,
  history: undefined,
};

/** Why findings of one rule in one file matter there. */
export function reasonOfFindings(findings: readonly [ResolvedFinding, ...ResolvedFinding[]], measures: Measures | undefined): string {
  const [first, ...others] = findings;
  const elsewhere = others.length === 0 ? '' : ` (and ${others.length} more of its kind in the file)`;
  const analysers = [...new Set(findings.flatMap(({ evidence }) => evidence.map(({ analyser }) => analyser)))];
  const reasons = [
    MISSING_RULES.includes(first.rule) ? 'it breaks where the dependency is not there by chance' : CONSEQUENCES[first.analyser],
    analysers.length === 0 ? undefined : `${listed(analysers)} also ${analysers.length === 1 ? 'speaks' : 'speak'} of this place`,
    // One commit may be the one that made the file, which is no reason for anything.
    measures && measures.commits > 1 ? `the file ${context(first.analyser, measures)}` : undefined,
  ].filter((reason) => reason !== undefined);
  return `${[`${asClause(first.message)}${elsewhere}`, ...(reasons.length === 0 ? [] : [reasons.join(', and ')])].join('; ')}.`;
}

const HOTSPOT_TITLES: Readonly<Record<Level, (name: string) => string>> = {
  error: (name) => `Split ${name} into parts that can be understood alone`,
  warning: (name) => `Simplify ${name} before its next change`,
  note: (name) => `Keep ${name} from growing`,
};

const HOTSPOT_CONSEQUENCES: Readonly<Record<Level, string>> = {
  error: 'code so complex that changes so often is where the next defect is likeliest',
  warning: 'making it simpler pays back at each of these changes',
  note: 'it is on its way to being both hard to change and often changed',
};

export function titleOfHotspot(hotspot: Hotspot): string {
  return HOTSPOT_TITLES[hotspot.level](nameOf(hotspot.path));
}

export function reasonOfHotspot(hotspot: Hotspot): string {
  return `The file ${activity(hotspot)}; ${HOTSPOT_CONSEQUENCES[hotspot.level]}.`;
}

/** A finding of complexity has said already how complex the file is. */
function context(analyser: AnalyserName, measures: Measures): string {
  return analyser === 'complexity' || measures.cyclomatic < CYCLOMATIC_WORTH_TELLING ? changes(measures) : activity(measures);
}

/** `was changed 14 times by 3 people within a year and has a cyclomatic complexity of 87 in 640 lines` */
function activity(measures: Omit<Measures, 'path'>): string {
  const size = measures.lines === 0 ? '' : ` in ${counted(measures.lines, 'line')}`;
  return `${changes(measures)} and has a cyclomatic complexity of ${measures.cyclomatic}${size}`;
}

function changes({ commits, authors }: Pick<Measures, 'commits' | 'authors'>): string {
  const people = authors === 0 ? '' : ` by ${counted(authors, 'person', 'people')}`;
  return `was changed ${times(commits)}${people} ${PERIOD}`;
}

/** The base name, with the folder where the base name alone says nothing. */
function nameOf(path: string): string {
  const segments = path.split('/');
  const name = segments.at(-1) ?? path;
  return /^(index|main|mod)\./.test(name) ? segments.slice(-2).join('/') : name;
}

/** A message as a part of a sentence: on one line, bounded, without its full stop. */
function asClause(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim();
  const short = line.length > MESSAGE_CHARACTERS_MAX ? `${line.slice(0, MESSAGE_CHARACTERS_MAX).toWellFormed().trimEnd()}…` : line;
  return short.replace(/[.;:!]+$/, '');
}

function times(count: number): string {
  return count === 2 ? 'twice' : `${count} times`;
}

function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
