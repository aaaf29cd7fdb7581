/** Sorts the import statements of a source text: Node's modules, packages, own files. Which line comes first depends on the names. */
export function sortedImports(source: string): string {
  return source.replace(/(?:^import [^;]+;\n)+/m, (block) => {
    const statements = block.match(/^import [^;]+;\n/gm) ?? [];
    return statements.toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1)).join('');
  });
}

function placeOf(statement: string): string {
  const [, path = ''] = /'([^']+)';\n$/.exec(statement) ?? [];
  const group = path.startsWith('node:') ? 0 : path.startsWith('.') ? 2 : 1;
  return `${group} ${path}`;
}
