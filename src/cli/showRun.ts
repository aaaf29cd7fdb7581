/** `sixfold runs show`: a run for the terminal, or its record as a document. */
import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type CommandRunner, runRecordHtml, runRecordMarkdown, UsageError } from '../index.js';
import type { Application } from './Application.js';
import { firstLineOf } from './explain.js';
import { jsonText } from './jsonText.js';
import { addOwnOptions, ownOptionsOf } from './ownOptions.js';
import { runText } from './runsText.js';

type Format = 'text' | 'json' | 'markdown' | 'html';

const WRITERS: Readonly<Record<Format, (runner: CommandRunner, id: string) => Promise<string>>> = {
  text: async (runner, id) => runText(await runner.document(id), await runner.history(id)),
  json: async (runner, id) => jsonText(await runner.document(id)),
  markdown: async (runner, id) => runRecordMarkdown(await runner.document(id)),
  html: async (runner, id) => runRecordHtml(await runner.document(id)),
};

interface ShowOptions {
  readonly format?: Format;
  readonly out?: string;
  readonly force?: boolean;
}

/** @param leaf has the argument for the id */
export function addShow(leaf: Command, application: Application): void {
  leaf
    .addOption(new Option('--format <form>', 'the record of the run for people and auditors (default: text)').choices(Object.keys(WRITERS)))
    .option('--out <file>', 'write it to a file, and print where it is')
    .option('--force', 'replace the file if it exists');
  addOwnOptions(leaf, application, { json: 'print everything that was recorded, as JSON', usesJournal: true });
  leaf.action(async (id: string) => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    const { format, out, force = false } = leaf.opts<ShowOptions>();
    if (json && format !== undefined) leaf.error('error: --json and --format exclude each other: --json prints the records as they are');
    await using runner = await application.open({ purpose: 'look', db, verbose });
    const text = json ? jsonText(await runner.history(id)) : await WRITERS[format ?? 'text'](runner, id);
    if (out !== undefined) writeRecord(out, text, force);
    process.stdout.write(out === undefined ? text : `${out}\n`);
  });
}

function writeRecord(file: string, text: string, force: boolean): void {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const there = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const why = there
      ? 'exists already. Name another file, or replace it with --force.'
      : `cannot be written: ${firstLineOf(cause)}. Name another file.`;
    throw new UsageError('RECORD_NOT_WRITTEN', `${file} ${why}`, { cause, details: { file } });
  }
}
