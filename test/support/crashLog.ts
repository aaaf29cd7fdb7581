/** What is kept of a chain of crashes outside of its journal, and what a process of it is told. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Side } from './crashPoints.js';
import type { Line, Log } from './crashTrial.js';

/** At which point to die: the n-th, or the first that has to do with something. */
export type Death = { readonly nth: number } | { readonly what: string; readonly side: Side };

export interface Task {
  readonly folder: string;
  readonly scenario: string;
  /** Undefined to come to the end. */
  readonly death: Death | undefined;
}

/** Lines of a file, each written before anything else happens. */
export class FileLog implements Log {
  readonly lines: Line[];

  constructor(private readonly file: string) {
    this.lines = linesOf(file);
  }

  add(line: Line): void {
    this.lines.push(line);
    appendFileSync(this.file, `${JSON.stringify(line)}\n`);
  }
}

export function linesOf(file: string): Line[] {
  if (!existsSync(file)) return [];
  const texts = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return texts.map((text) => JSON.parse(text) as Line);
}

export const logOf = (folder: string): string => join(folder, 'log');
export const journalOf = (folder: string): string => join(folder, 'journal.db');
