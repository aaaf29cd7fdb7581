/** Measures the rows of bench/rows and prints them beside their budgets. What a row finds never fails it. */
import { readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { figureOf, tableOf } from './figure.js';

const USAGE = `npm run bench -- [--only NAME | --nightly] [--json FILE]

Measures the rows and prints a table: our value, the limit that was measured beside it, their ratio and its budget.
A ratio beyond its budget is shown and is no failure: the exit code is 0.

  --only NAME  measure one row
  --nightly    measure also the rows that take minutes
  --json FILE  write an array of { name, value, unit, limit, ratio, budget, ok }
  --help       show this
`;

async function main(args) {
  const options = optionsFrom(args);
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(`${USAGE}\nRows:\n${(await allRows()).map(({ name, title }) => `  ${name}  ${title}\n`).join('')}`);
    return 0;
  }
  const rows = await allRows();
  const chosen = rows.filter(({ name, nightly = false }) =>
    options.only === undefined ? options.nightly || !nightly : name === options.only,
  );
  if (chosen.length === 0) return refuse(`there is no row "${String(options.only)}"; there are ${rows.map(({ name }) => name).join(', ')}`);
  const figures = [];
  for (const row of chosen) {
    const say = (line) => process.stderr.write(`${row.name}: ${line}\n`);
    figures.push(figureOf(row, await row.measure(say)));
  }
  process.stdout.write(tableOf(figures));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(figures, undefined, 2)}\n`);
  return 0;
}

function optionsFrom(args) {
  try {
    const options = {
      only: { type: 'string' },
      nightly: { type: 'boolean' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    };
    return parseArgs({ args, options }).values;
  } catch (error) {
    refuse(error.message);
    return undefined;
  }
}

function refuse(why) {
  process.stderr.write(`bench: ${why}\n\n${USAGE}`);
  return 2;
}

/** A row is a file of bench/rows whose default export is a `Row` of figure.js. */
async function allRows() {
  const files = readdirSync(new URL('rows/', import.meta.url)).filter((file) => file.endsWith('.js'));
  const rows = await Promise.all(files.map((file) => import(new URL(`rows/${file}`, import.meta.url))));
  return rows.map((module) => module.default).sort((a, b) => (a.name < b.name ? -1 : 1));
}

process.exitCode = await main(process.argv.slice(2));
