/** Text in the columns of a terminal, where a character of East Asia takes two and a combining one none (UAX #11). */

const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const NARROW_ONLY = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

export function columnsOf(text: string): number {
  if (NARROW_ONLY.test(text)) return text.length;
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeColumns(grapheme), 0);
}

/** The text in exactly so many columns: cut at its start, or filled up with spaces. */
export function fitted(text: string, columns: number): string {
  const cut = cutToEnd(text, columns);
  return cut + ' '.repeat(columns - columnsOf(cut));
}

/** At most so many columns, the start cut off: of a path the end says more. */
export function cutToEnd(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  for (const grapheme of graphemes(text).reverse()) {
    if (columnsOf(grapheme + kept) > columns - 1) break;
    kept = grapheme + kept;
  }
  return `…${kept}`;
}

/** Lines of at most so many columns, broken at spaces, and within a word where it is longer than a line. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((part) => pieces(part, columns))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (columnsOf(longer) <= columns) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return line === '' ? lines : [...lines, line];
}

function pieces(word: string, columns: number): string[] {
  if (columnsOf(word) <= columns) return [word];
  const cut: string[] = [];
  let piece = '';
  for (const grapheme of graphemes(word)) {
    if (columnsOf(piece + grapheme) > columns) {
      cut.push(piece);
      piece = '';
    }
    piece += grapheme;
  }
  return [...cut, piece];
}

function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function graphemeColumns(grapheme: string): number {
  if (/^\p{M}/u.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}
