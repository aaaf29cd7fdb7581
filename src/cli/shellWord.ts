const PLAIN = /^[\w@%+=:,./-]+$/;
/** What a terminal would act on, or not show. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** A text as one word of a POSIX shell; with control characters in the `$'…'` of bash, ksh and zsh, so that it can be shown. */
export function shellWord(text: string): string {
  if (PLAIN.test(text)) return text;
  if (!CONTROL.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const quoted = Array.from(text, (character) => {
    if (character === "'" || character === '\\') return `\\${character}`;
    return CONTROL.test(character) ? escapeOf(character.codePointAt(0) ?? 0) : character;
  });
  return `$'${quoted.join('')}'`;
}

function escapeOf(point: number): string {
  return point < 0x80 ? `\\x${point.toString(16).padStart(2, '0')}` : `\\U${point.toString(16).padStart(8, '0')}`;
}
