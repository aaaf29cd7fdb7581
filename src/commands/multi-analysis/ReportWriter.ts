/**
 * Writes the report for people, for services and for scripts.
 *
 * Owns: three files of the output folder and their temporary names. Does not own: what the report says.
 * Invariants: W1 a reader never sees a half-written file; W2 none of the old files is touched before all the new ones
 * are on disk; W3 a repeated attempt of the same call leaves no temporary file behind, after a crash neither.
 */
import { hash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Call } from '../../kernel/Call.js';
import { CommandFailure, messageOf } from '../../kernel/errors.js';
import { sixfoldVersion } from '../../kernel/sixfoldVersion.js';
import { operation } from '../../systems/operation.js';
import { System } from '../../systems/System.js';
import type { AnalysisReport } from './AnalysisReport.js';
import { renderHtml } from './report/html.js';
import { toSarif } from './report/sarif.js';
import { WriteRequest } from './WriteRequest.js';
import { WrittenReport } from './WrittenReport.js';

export class ReportWriter extends System {
  /**
   * Writes `report.html`, `report.sarif` and `report.json`, replacing older ones. May run twice.
   *
   * @throws CommandFailure `REPORT_NOT_WRITTEN` when the folder cannot be made or written; nothing is replaced then.
   */
  @operation({ input: WriteRequest, output: WrittenReport, effect: 'idempotent' })
  async write(request: WriteRequest, call: Call): Promise<WrittenReport> {
    const out = resolve(request.out);
    try {
      return await this.writeInto(out, request.report, call);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      throw new CommandFailure('REPORT_NOT_WRITTEN', `The report cannot be written to ${out}: ${messageOf(error)}. Name another folder.`, {
        cause: error,
        details: { out },
      });
    }
  }

  private async writeInto(out: string, report: AnalysisReport, call: Call): Promise<WrittenReport> {
    await mkdir(out, { recursive: true });
    const files = Object.entries(contentsOf(report)).map(([name, text]) => new PendingFile(join(out, name), text, call.key));
    try {
      for (const file of files) {
        call.signal.throwIfAborted();
        await file.stage();
      }
      for (const file of files) await file.commit();
    } finally {
      for (const file of files) await file.discard();
    }
    return Object.assign(new WrittenReport(), { files: files.map((file) => file.path) });
  }
}

function contentsOf(report: AnalysisReport): Record<string, string> {
  return {
    'report.html': renderHtml(report),
    'report.sarif': `${JSON.stringify(toSarif(report, sixfoldVersion()), null, 2)}\n`,
    'report.json': `${JSON.stringify(report, null, 2)}\n`,
  };
}

/** A file under a temporary name in its own folder, so that the rename stays within one file system. */
class PendingFile {
  private readonly temporary: string;

  constructor(
    readonly path: string,
    private readonly text: string,
    key: string,
  ) {
    // Named after the call, not by chance: the attempt after a crash finds the name again.
    this.temporary = join(dirname(path), `.${basename(path)}.${hash('sha256', key, 'hex').slice(0, 12)}.tmp`);
  }

  async stage(): Promise<void> {
    await this.discard();
    await using handle = await open(this.temporary, 'wx');
    await handle.writeFile(this.text);
    await handle.sync();
  }

  async commit(): Promise<void> {
    await rename(this.temporary, this.path);
  }

  async discard(): Promise<void> {
    await rm(this.temporary, { force: true });
  }
}
