/** `sixfold runs anchor` and `verify`: an altered journal is noticed by what was kept elsewhere. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type AnchorFinding, anchorKey, anchorOf, readAnchor, type Verification, verifyJournal } from '../../host/journalAnchor.js';
import { UsageError } from '../../index.js';
import type { Application } from '../Application.js';
import { EXIT } from '../exitCodes.js';
import { firstLineOf } from '../explain.js';
import { jsonText } from '../jsonText.js';
import { addOwnOptions, ownOptionsOf } from '../ownOptions.js';
import { columns } from '../terminalText.js';
import { writeNew } from '../writeNew.js';
import type { Exit } from './goOn.js';

export function addAnchor(leaf: Command, application: Application): void {
  leaf
    .option('--out <file>', 'write it to a file, and print where it is')
    .option('--force', 'replace the file if it exists')
    .addOption(keyOption('sign it with HMAC-SHA256'))
    .addHelpText(
      'after',
      '\nKeep it where whoever can write to the journal cannot. It has the last number and hash of every run, and no values.',
    );
  addOwnOptions(leaf, application, { json: 'as without: it is JSON', usesJournal: true });
  leaf.action(async () => {
    const { db, verbose } = ownOptionsOf(leaf);
    const { out, force = false, key } = leaf.opts<{ readonly out?: string; readonly force?: boolean; readonly key?: string }>();
    const secret = await anchorKey(key);
    await using runner = await application.open({ purpose: 'look', db, verbose });
    const text = jsonText(await anchorOf(runner, secret, new Date()));
    if (out !== undefined) writeNew(out, text, force);
    process.stdout.write(out === undefined ? text : `${out}\n`);
  });
}

interface VerifyOptions {
  readonly anchor?: string;
  readonly key?: string;
  readonly allowPruned?: boolean;
}

export function addVerify(leaf: Command, application: Application, exit: Exit): void {
  leaf
    .option('--anchor <file>', 'what `sixfold runs anchor` wrote earlier')
    .addOption(keyOption('the key that the anchor was signed with'))
    .option('--allow-pruned', 'a run that was anchored and is gone is no finding')
    .addHelpText('after', '\nWithout an anchor, only what was altered by somebody who did not write the hashes anew is noticed.');
  addOwnOptions(leaf, application, { json: 'print as JSON', usesJournal: true });
  leaf.action(async () => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    const { anchor, key, allowPruned = false } = leaf.opts<VerifyOptions>();
    const expected = anchor === undefined ? undefined : readAnchor(readFileNamed(anchor), await anchorKey(key));
    await using runner = await application.open({ purpose: 'look', db, verbose });
    const verification = await verifyJournal(runner, expected);
    process.stdout.write(json ? jsonText(verification) : verificationText(verification));
    exit(verification.findings.some((finding) => counts(finding, allowPruned)) ? EXIT.notAccepted : EXIT.done);
  });
}

function counts({ verdict }: AnchorFinding, allowPruned: boolean): boolean {
  return verdict === 'altered' || (verdict === 'gone' && !allowPruned);
}

function verificationText({ checked, confirmed, findings }: Verification): string {
  const rows = findings.map(({ run, verdict, reason }) => [verdict, run, reason]);
  return `${columns(rows)}${checked === 1 ? '1 run' : `${checked} runs`} checked, ${confirmed} as they were anchored.\n`;
}

function keyOption(what: string): Option {
  return new Option('--key <reference>', `${what}, in the environment variable NAME: env:NAME`);
}

function readFileNamed(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError('ANCHOR_INVALID', `${file} cannot be read: ${firstLineOf(cause)}. Name the file with the anchor.`, {
      cause,
      details: { file },
    });
  }
}
