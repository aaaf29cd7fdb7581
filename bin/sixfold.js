#!/usr/bin/env node
// Plain enough for old versions of Node, so that they can say what is wrong.
import fs from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Everything in one file, with packages of its own: it starts in a third of the time, and cannot share classes with an application. */
const BUNDLE = new URL('../dist/cli/sixfold.js', import.meta.url).href;
/** The commands that run nothing of an application. */
const WITHOUT_APPLICATION = ['new'];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `sixfold: needs Node 24.15 or newer, and this is ${process.versions.node}. Install a newer one, or run it with: npx --package=node@24 --package=sixfold sixfold\n`,
  );
  process.exitCode = 2;
} else {
  // Where the folder cannot be written, nothing is cached.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/sixfold', import.meta.url)));
  start(process.argv.slice(2)).catch((error) => {
    const text = error.refused ? error.message : `cannot be loaded (${error.message}). In a checkout, run: npm run build`;
    process.stderr.write(`sixfold: ${text}\n`);
    process.exitCode = error.refused ? 2 : 3;
  });
}

async function start(args) {
  const app = applicationFor(args);
  const { main } = await import(app === undefined ? BUNDLE : commandLineBeside(app.file));
  await main(args, app);
}

/** The application that the command line needs, and who named it; undefined where it needs none or nobody named one. */
function applicationFor(args) {
  let named;
  let at = 0;
  for (; at < args.length && args[at].startsWith('-'); at += 1) {
    if (args[at] === '--app') named = args[++at];
    else if (args[at].startsWith('--app=')) named = args[at].slice('--app='.length);
    else if (args[at] === '--no-app') return undefined;
  }
  if (at >= args.length || WITHOUT_APPLICATION.includes(args[at])) return undefined;
  if (named !== undefined) return { file: path.resolve(named), namedBy: '--app' };
  if (process.env.SIXFOLD_APP) return { file: path.resolve(process.env.SIXFOLD_APP), namedBy: '$SIXFOLD_APP' };
  return applicationOfPackage(process.cwd());
}

/** `"sixfold": { "app": … }` of the nearest package.json. */
function applicationOfPackage(folder) {
  const manifest = path.join(folder, 'package.json');
  if (!fs.existsSync(manifest)) {
    const parent = path.dirname(folder);
    return parent === folder ? undefined : applicationOfPackage(parent);
  }
  const text = fs.readFileSync(manifest, 'utf8');
  if (!text.includes('"sixfold"')) return undefined; // Then it may be as broken as it likes.
  const { app } = settingsIn(manifest, text);
  if (app === undefined) return undefined;
  if (typeof app !== 'string') throw refusal(`"sixfold": { "app": … } in ${manifest} is ${JSON.stringify(app)}. Give the path of a file.`);
  return { file: path.resolve(folder, app), namedBy: manifest };
}

function settingsIn(manifest, text) {
  try {
    return JSON.parse(text).sixfold || {};
  } catch (error) {
    throw refusal(`${manifest} is not JSON: ${error.message}. Correct it, or say --no-app.`);
  }
}

/** The command line of the package that the application itself imports, so that both have the same classes. */
function commandLineBeside(file) {
  if (!fs.existsSync(file) || !fs.statSync(file).isFile()) return BUNDLE; // Which says so.
  try {
    const manifest = module.createRequire(file).resolve('sixfold/package.json');
    return pathToFileURL(path.join(path.dirname(manifest), 'dist', 'cli', 'main.js')).href;
  } catch {
    throw refusal(`no package sixfold is installed for ${file}. In the folder of that application, run: npm install sixfold`);
  }
}

function refusal(message) {
  return Object.assign(new Error(message), { refused: true });
}
