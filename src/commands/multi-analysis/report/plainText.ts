/** Makes foreign text harmless to show: file names and tools' messages may hold anything, escape sequences included. */

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * The text with every control, format and bidirectional character written out, as in `\u{1b}`: nothing in it can move a
 * cursor, colour a terminal or reorder a line (CVE-2021-42574).
 */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same on one line: white space of any kind becomes one space. For prose; a path keeps its own. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, ' ').trim());
}

/** At most so many characters, the end cut off. */
export function cutEnd(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1).toWellFormed()}…`;
}

/** At most so many characters, the start cut off: of a path the end says more. */
export function cutStart(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `…${text.slice(1 - charactersMax).toWellFormed()}`;
}

/** `1 file`, `2,000 files` */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${grouped(count)} ${count === 1 ? singular : plural}`;
}

/** `2,000`, whatever the locale of the machine. */
export function grouped(count: number): string {
  return count.toLocaleString('en-GB');
}
