/** Foreign text made harmless to show: names and messages may hold anything, escape sequences included. */

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * The text with every control, format and bidirectional character written out, as in `\u{1b}`: nothing in it can move a
 * cursor, colour a terminal or reorder a line.
 */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same on one line: white space of any kind becomes one space. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, ' ').trim());
}

/** Plain data as indented JSON; its line breaks are those of the indentation. */
export function visibleJson(value: unknown): string {
  return (JSON.stringify(value, undefined, 2) ?? 'null').split('\n').map(visible).join('\n');
}

/** At most so many characters; what is left out is said. */
export function cutText(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  const left = (text.length - charactersMax).toLocaleString('en-GB');
  return `${text.slice(0, charactersMax).toWellFormed()}\n… ${left} more characters in the JSON form`;
}
