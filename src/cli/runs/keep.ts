/** `sixfold runs check` and `prune`: what a new version would do to open runs, and which old ones go. */
import { type Command, Option } from 'commander';
import type { RunCheck } from '../../index.js';
import type { Application } from '../Application.js';
import { EXIT } from '../exitCodes.js';
import { jsonText } from '../jsonText.js';
import { readDuration } from '../optionValues.js';
import { addOwnOptions, ownOptionsOf } from '../ownOptions.js';
import { columns } from '../terminalText.js';
import type { Exit } from './goOn.js';
import { shortId } from './shortId.js';

export function addCheck(leaf: Command, application: Application, exit: Exit): void {
  addOwnOptions(leaf, application, { json: 'print as JSON', usesJournal: true });
  leaf.action(async () => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    await using runner = await application.open({ purpose: 'look', db, verbose });
    const checks: RunCheck[] = [];
    for await (const check of runner.check()) checks.push(check);
    process.stdout.write(json ? jsonText(checks) : checksText(checks));
    exit(checks.every(({ verdict }) => verdict === 'continues') ? EXIT.done : EXIT.notAccepted);
  });
}

function counted(runs: number): string {
  return runs === 1 ? '1 run' : `${runs} runs`;
}

function checksText(checks: readonly RunCheck[]): string {
  if (checks.length === 0) return 'No run is open.\n';
  const rows = checks.map(({ id, command, verdict, step, reason }) => [
    shortId(id),
    command,
    verdict === 'unknown-command' ? 'unknown command' : verdict,
    step ?? '',
    reason ?? '',
  ]);
  const wrong = checks.filter(({ verdict }) => verdict !== 'continues').length;
  const sum = wrong === 0 ? 'All would go on.' : `${wrong} of ${checks.length} would not, or not surely, go on with this code.`;
  return `${columns([['RUN', 'COMMAND', 'VERDICT', 'STEP', 'WHY'], ...rows])}${sum}\n`;
}

interface PruneOptions {
  readonly olderThan: number;
  readonly bodies?: boolean;
  readonly dryRun?: boolean;
}

export function addPrune(leaf: Command, application: Application): void {
  leaf
    .addOption(
      new Option('--older-than <duration>', 'only runs that ended so long ago, such as 30d or 12h')
        .makeOptionMandatory()
        .argParser(readDuration),
    )
    .option('--bodies', 'keep what the runs did and when, and erase all values; the hashes stay')
    .option('--dry-run', 'only say how many');
  addOwnOptions(leaf, application, { json: 'print as JSON', usesJournal: true });
  leaf.action(async () => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    const { olderThan, bodies = false, dryRun = false } = leaf.opts<PruneOptions>();
    const endedBefore = new Date(Date.now() - olderThan);
    await using runner = await application.open({ purpose: dryRun ? 'look' : 'resume', db, verbose });
    const what = bodies ? 'bodies' : 'runs';
    const old = async () =>
      (await runner.runs(Number.MAX_SAFE_INTEGER)).filter(({ endedAt }) => endedAt !== null && endedAt < endedBefore.getTime());
    const runs = dryRun ? (await old()).length : await runner.prune({ endedBefore, what });
    const did = bodies ? `The values of ${counted(runs)} are erased.` : `${counted(runs)} ${runs === 1 ? 'is' : 'are'} removed.`;
    const said = dryRun ? `${counted(runs)} ended before ${endedBefore.toISOString()}.` : did;
    process.stdout.write(json ? jsonText({ runs, what, endedBefore, dryRun }) : `${said}\n`);
  });
}
