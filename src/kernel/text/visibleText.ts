/** Foreign text made harmless to show: names and messages may hold anything, escape sequences included. */

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * The text with every control, format and bidirectional character written out, as in `\u{1b}`: nothing in it can move a
 * cursor, colour a terminal or reorder a line (CVE-2021-42574).
 */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same, with its line breaks kept. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

/** The same on one line: white space of any kind becomes one space. For prose; a path keeps its own. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, ' ').trim());
}
