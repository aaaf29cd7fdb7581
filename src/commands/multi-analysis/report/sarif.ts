/** SARIF 2.1.0 (OASIS, errata 01): one run per analyser, for code scanning services and editors. */
import { pathToFileURL } from 'node:url';
import type { Invocation, Location, Log, Notification, PropertyBag, ReportingDescriptor, Result, Run } from 'sarif';
import { oneLine } from '../../../kernel/text/visibleText.js';
import type { AnalyserStatus, AnalysisReport, ResolvedFinding } from '../AnalysisReport.js';
import type { Finding, Place } from '../Finding.js';
import { SCORE_MAX, scoreOf } from '../synthesis/ranking.js';
import { webAddress } from './webAddress.js';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** GitHub refuses a result with more than 1,000 related locations; a reader has enough of far fewer. */
const RELATED_MAX = 100;
const FINGERPRINT_NAME = 'sixfold/v1';

interface Context {
  readonly root: string;
  /** Of Sixfold, which is named as the converter of what the tools said. */
  readonly version: string;
  readonly heats: ReadonlyMap<string, number>;
}

/** @param version of Sixfold itself */
export function toSarif(report: AnalysisReport, version: string): Log {
  const context = { root: report.root, version, heats: new Map(report.measured.map((file) => [file.path, file.heat])) };
  const runs = report.analysers.map((status) => {
    const findings = report.findings.filter((finding) => finding.analyser === status.analyser);
    return runOf(status, findings, context);
  });
  return { $schema: SCHEMA, version: '2.1.0', runs };
}

function runOf(status: AnalyserStatus, findings: readonly ResolvedFinding[], { root, version, heats }: Context): Run {
  const rules = rulesOf(findings);
  const positions = new Map(rules.map((rule, index) => [rule.id, index]));
  const toolVersion = status.toolVersion ? { version: status.toolVersion } : {};
  return {
    tool: { driver: { name: status.tool ?? status.analyser, ...toolVersion, rules } },
    conversion: { tool: { driver: { name: 'sixfold', version } } },
    // One category per analyser: services keep the results of tools that share a file apart by it.
    automationDetails: { id: `multi-analysis/${status.analyser}/` },
    invocations: [invocationOf(status)],
    originalUriBaseIds: { '%SRCROOT%': { uri: pathToFileURL(`${root}/`).href } },
    columnKind: 'utf16CodeUnits',
    results: findings.map((finding) => ({
      ...resultOf(finding, heats.get(finding.path) ?? 0),
      ruleIndex: positions.get(finding.rule) ?? -1,
    })),
  };
}

function rulesOf(findings: readonly Finding[]): ReportingDescriptor[] {
  const addresses = new Map<string, string | undefined>();
  for (const { rule, helpUri } of findings) addresses.set(rule, addresses.get(rule) ?? webAddress(helpUri));
  return Array.from(addresses, ([id, helpUri]) => (helpUri === undefined ? { id } : { id, helpUri }));
}

function resultOf(finding: ResolvedFinding, heat: number): Result {
  const related = (finding.related ?? []).slice(0, RELATED_MAX);
  const properties: PropertyBag = {
    evidence: finding.evidence.map(({ analyser, rule, level, message }) => ({ analyser, rule, level, message: oneLine(message) })),
  };
  return {
    ruleId: finding.rule,
    level: finding.level,
    message: { text: messageText(finding.message) },
    locations: [locationOf(finding)],
    partialFingerprints: { [FINGERPRINT_NAME]: finding.fingerprint },
    rank: Math.min(100, Math.round((scoreOf(finding, heat) / SCORE_MAX) * 1000) / 10),
    ...(related.length === 0 ? {} : { relatedLocations: related.map((place, id) => ({ id, ...locationOf(place) })) }),
    ...(finding.evidence.length === 0 ? {} : { properties }),
  };
}

function locationOf({ path, startLine, endLine }: Place): Location {
  return {
    physicalLocation: {
      artifactLocation: { uri: relativeReference(path), uriBaseId: '%SRCROOT%' },
      region: { startLine, endLine },
    },
  };
}

/** A path as a relative reference of RFC 3986. Encoding the colon keeps `a:b.ts` from being read as a scheme. */
function relativeReference(path: string): string {
  return path
    .split('/')
    .map((segment) => encodeURIComponent(segment.toWellFormed()))
    .join('/');
}

/** `{0}` in a message stands for an argument (section 3.11.5), so a literal one is doubled. */
function messageText(message: string): string {
  return oneLine(message).replace(/\{(\d+)\}/g, '{{$1}}');
}

function invocationOf({ status, reason, dropped, notes }: AnalyserStatus): Invocation {
  if (status === 'absent') {
    return { executionSuccessful: false, toolExecutionNotifications: [notification('error', reason ?? 'It did not run.')] };
  }
  const notifications = notes.map((note) => notification('note', note));
  if (dropped > 0) notifications.push(notification('warning', `${dropped} further findings are beyond the limit and left out.`));
  return { executionSuccessful: true, toolExecutionNotifications: notifications };
}

function notification(level: 'error' | 'warning' | 'note', text: string): Notification {
  return { level, message: { text: messageText(text) } };
}
