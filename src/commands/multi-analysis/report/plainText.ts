/** Numbers and lengths of text in a report. */

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
