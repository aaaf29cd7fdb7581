/** `sixfold systems`: how reliable the operations of the systems were, out of the journal. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { OperationReliability } from '../host/reliability/OperationReliability.js';
import { RUNS_MAX } from '../host/reliability/reliabilityOf.js';
import { durationText, momentText, shareText } from '../host/runRecord/wording.js';
import type { Application } from './Application.js';
import { jsonText } from './jsonText.js';
import { readDuration } from './optionValues.js';
import { addOwnOptions, ownOptionsOf } from './ownOptions.js';
import { columns, shortened } from './terminalText.js';

interface SystemsOptions {
  /** Milliseconds. */
  readonly since?: number;
  readonly limit: number;
}

export function addSystems(leaf: Command, application: Application): void {
  leaf
    .addOption(new Option('--since <duration>', 'only what was begun so long ago or later, such as 7d or 12h').argParser(readDuration))
    .addOption(new Option('--limit <count>', 'look at the latest so many runs').default(RUNS_MAX).argParser(readCount));
  addOwnOptions(leaf, application, { json: 'print as JSON', usesJournal: true });
  leaf.action(async () => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    const { since, limit: runsMax } = leaf.opts<SystemsOptions>();
    await using runner = await application.open({ purpose: 'look', db, verbose });
    const span = since === undefined ? {} : { since: new Date(Date.now() - since) };
    const figures = await runner.reliability({ ...span, runsMax });
    process.stdout.write(json ? jsonText(figures) : systemsText(figures, runsMax));
  });
}

const HEAD = ['OPERATION', 'CALLS', 'ATTEMPTS', 'ANSWERED', 'AVAILABLE', 'MTBF', 'MTTR', 'P50', 'P99', 'LAST FAILURE (UTC)'];

function systemsText(figures: readonly OperationReliability[], runsMax: number): string {
  if (figures.length === 0) return 'No attempt to reach a system is recorded.\n';
  const tables = [tableOf(figures.filter(({ kind }) => kind !== 'check')), tableOf(figures.filter(({ kind }) => kind === 'check'))];
  const titles = ['', '\nChecks of health and version\n'];
  const shown = tables.map((table, index) => (table === '' ? '' : `${titles[index]}${table}`)).join('');
  return `${shown}${leftOut(figures)}At most the latest ${runsMax.toLocaleString('en-GB')} runs were looked at.\n`;
}

function tableOf(figures: readonly OperationReliability[]): string {
  return figures.length === 0 ? '' : columns([HEAD, ...figures.map(rowOf)]);
}

function rowOf(figures: OperationReliability): readonly string[] {
  const { system, operation, kind, calls, attempts, answered, refused, availability, p50Ms, p99Ms } = figures;
  return [
    `${kind === 'undo' ? 'undo ' : ''}${system}.${operation}`,
    String(calls),
    String(attempts),
    refused === 0 ? String(answered) : `${answered} (${refused} refused)`,
    availability === null ? '–' : shareText(availability),
    meanText(figures.mtbfMs, figures.outages),
    `${meanText(figures.mttrMs, figures.outagesEnded)}${downText(figures)}`,
    durationText(p50Ms),
    durationText(p99Ms),
    failureText(figures),
  ];
}

/** A mean that is not defined says of how many outages it would have been. */
function meanText(ms: number | null, outages: number): string {
  const known = outages === 1 ? '1 outage' : `${outages} outages`;
  return ms === null ? (outages === 0 ? '–' : `– (${known})`) : `${durationText(Math.round(ms))} (${known})`;
}

function downText({ downSince }: OperationReliability): string {
  return downSince === null ? '' : `, down since ${momentText(downSince).replace(' UTC', '')}`;
}

function failureText({ lastFailure }: OperationReliability): string {
  if (lastFailure === null) return '';
  const { at, fate, code, message } = lastFailure;
  return shortened(`${momentText(at).replace(' UTC', '')} ${fate}${code === '' ? '' : `, ${code}: ${message}`}`);
}

/** What is in no figure of the table. */
function leftOut(figures: readonly OperationReliability[]): string {
  const sum = (count: (one: OperationReliability) => number): number => figures.reduce((total, one) => total + count(one), 0);
  const parts = [
    [sum(({ notCalled }) => notCalled), 'kept back before they reached a system'],
    [sum(({ stopped }) => stopped), 'given up since their run was stopped'],
    [sum(({ erased }) => erased), 'failed, and why was erased'],
    [sum(({ dropped }) => dropped), 'in parts of runs that have ended, of which no record is left'],
  ] as const;
  const lines = parts.flatMap(([count, why]) => (count === 0 ? [] : [`Not counted: ${count.toLocaleString('en-GB')} ${why}.\n`]));
  return `\n${lines.join('')}`;
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1_000_000) return count;
  throw new InvalidArgumentError('Give a whole number from 1 to 1000000.');
}
