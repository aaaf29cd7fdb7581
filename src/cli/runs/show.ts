/** `sixfold runs show`: a run for the terminal, or its record as a document. */
import { type Command, Option } from 'commander';
import { type CommandRunner, type RunRecordDocument, runRecordHtml, runRecordMarkdown } from '../../index.js';
import type { Application } from '../Application.js';
import { jsonText } from '../jsonText.js';
import { addOwnOptions, ownOptionsOf } from '../ownOptions.js';
import { sameJournal } from '../waitingText.js';
import { writeNew } from '../writeNew.js';
import { runText } from './runText.js';

type Format = 'text' | 'json' | 'markdown' | 'html';

const WRITERS: Readonly<Record<Exclude<Format, 'text'>, (document: RunRecordDocument) => string>> = {
  json: jsonText,
  markdown: runRecordMarkdown,
  html: runRecordHtml,
};
const FORMATS: readonly Format[] = ['text', 'json', 'markdown', 'html'];

interface ShowOptions {
  readonly format?: Format;
  readonly out?: string;
  readonly force?: boolean;
}

/** @param leaf has the argument for the id */
export function addShow(leaf: Command, application: Application): void {
  leaf
    .addOption(new Option('--format <form>', 'the record of the run for people and auditors (default: text)').choices(FORMATS))
    .option('--out <file>', 'write it to a file, and print where it is')
    .option('--force', 'replace the file if it exists');
  addOwnOptions(leaf, application, { json: 'print everything that was recorded, as JSON', usesJournal: true });
  leaf.action(async (id: string) => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    const { format, out, force = false } = leaf.opts<ShowOptions>();
    if (json && format !== undefined) leaf.error('error: --json and --format exclude each other: --json prints the records as they are');
    await using runner = await application.open({ purpose: 'look', db, verbose });
    const text = json ? jsonText(await runner.history(id)) : await written(format ?? 'text', id, { runner, leaf });
    if (out !== undefined) writeNew(out, text, force);
    process.stdout.write(out === undefined ? text : `${out}\n`);
  });
}

interface Showing {
  readonly runner: CommandRunner;
  readonly leaf: Command;
}

async function written(format: Format, id: string, { runner, leaf }: Showing): Promise<string> {
  const document = await runner.document(id);
  if (format !== 'text') return WRITERS[format](document);
  const { stdout } = process;
  const colour = stdout.isTTY && stdout.hasColors() && leaf.opts<ShowOptions>().out === undefined;
  return runText(document, { now: Date.now(), columns: stdout.columns ?? 100, colour, journal: sameJournal(leaf) });
}
