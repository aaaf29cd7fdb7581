/** A file that somebody named for what a command prints. */
import { writeFileSync } from 'node:fs';
import { UsageError } from '../index.js';
import { firstLineOf } from './explain.js';

/** @param force replaces a file that exists. @throws UsageError `RECORD_NOT_WRITTEN` */
export function writeNew(file: string, text: string, force: boolean): void {
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
