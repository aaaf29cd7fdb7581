import { visibleLines } from '../../kernel/text/visibleText.js';

/** Plain data as indented JSON; its line breaks are those of the indentation. */
export function visibleJson(value: unknown): string {
  return visibleLines(JSON.stringify(value, undefined, 2) ?? 'null');
}

/** At most so many characters; what is left out is said. */
export function cutText(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  const left = (text.length - charactersMax).toLocaleString('en-GB');
  return `${text.slice(0, charactersMax).toWellFormed()}\n… ${left} more characters in the JSON form`;
}
