const COMMENT_START = /^\s*(\/\/|\/?\*)/;

/** The line of a source text on which it first imports, requires or re-exports `specifier`; 1 where none is found. */
export function lineOfImport(text: string, specifier: string): number {
  const quoted = specifier.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const clause = new RegExp(`\\b(?:from|import|require|resolve)\\s*\\(?\\s*['"\`]${quoted}['"\`]`, 'g');
  for (const { index } of text.matchAll(clause)) {
    const before = text.slice(0, index);
    const lineStart = before.lastIndexOf('\n') + 1;
    if (!COMMENT_START.test(text.slice(lineStart))) return before.split('\n').length;
  }
  return 1;
}
