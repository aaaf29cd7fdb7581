/**
 * Counts the lines of the three sagas: those with code, as the formatter of the repository leaves them. A saga is the command or workflow, the
 * calls of the services, and the types with their checks; what starts a process is counted beside it. Prints a table, which is also in README.md.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '..', '..');
const PARTS = {
  sixfold: {
    saga: ['examples/order-fulfilment/FulfilOrder.ts', 'examples/order-fulfilment/systems.ts'],
    start: ['examples/order-fulfilment/shop.ts', 'bench/comparison/sixfold/program.ts'],
  },
  dbos: {
    saga: ['dbos/fulfilOrder.ts', 'dbos/chargeOnce.ts', 'dbos/services.ts', 'messages.ts'].map((file) => `bench/comparison/${file}`),
    start: ['bench/comparison/dbos/program.ts'],
  },
  restate: {
    saga: ['restate/fulfilOrder.ts', 'restate/chargeOnce.ts', 'restate/services.ts', 'restate/steps.ts', 'messages.ts'].map(
      (file) => `bench/comparison/${file}`,
    ),
    start: ['bench/comparison/restate/program.ts'],
  },
};

/** @throws when the formatter would change one of them */
function checkFormat(files) {
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
  execFileSync(process.execPath, [biome, 'format', ...files], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Lines on which a token is, or part of one. */
function linesOf(file) {
  const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const lines = new Set();
  const visit = (node) => {
    const parts = node.getChildren(source).filter(({ kind }) => kind < ts.SyntaxKind.FirstJSDocNode || kind > ts.SyntaxKind.LastJSDocNode);
    if (parts.length > 0) return parts.forEach(visit);
    if (node.getWidth(source) === 0) return;
    const lineAt = (position) => source.getLineAndCharacterOfPosition(position).line;
    for (let line = lineAt(node.getStart(source)); line <= lineAt(node.getEnd() - 1); line += 1) lines.add(line);
  };
  visit(source);
  return lines.size;
}

function sumOf(files) {
  return files.reduce((sum, file) => sum + linesOf(file), 0);
}

checkFormat(Object.values(PARTS).flatMap(({ saga, start }) => [...saga, ...start]));
const counts = Object.fromEntries(
  Object.entries(PARTS).map(([name, { saga, start }]) => [name, { saga: sumOf(saga), start: sumOf(start) }]),
);

const rows = Object.entries(counts).map(([name, { saga, start }]) => [name, saga, start, (counts.sixfold.saga / saga).toFixed(2)]);
const table = [['', 'saga', 'start-up', 'Sixfold to it'], ['---', '---', '---', '---'], ...rows];
process.stdout.write(table.map((cells) => `| ${cells.join(' | ')} |\n`).join(''));
