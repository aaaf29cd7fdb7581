/** The TypeScript of the documents compiles, and docs/commands.md prints what it says. */
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { UserProject } from '../support/userProject.js';

jest.setTimeout(60_000);

const ROOT = join(__dirname, '..', '..');

/** The pages with TypeScript, each with what its blocks take for granted. The blocks of a page are one module, in order. */
const PAGES: Readonly<Record<string, readonly string[]>> = {
  channels: ['declare const issuer: HttpChannel; interface Token { readonly access_token: string; readonly expires_in: number }'],
  cli: [
    "import { Container } from 'inversify';",
    "import { embeddedEngine, type SixfoldOptions, sixfoldModule } from 'sixfold';",
    "declare const ArchiveLogs: SixfoldOptions['commands'][number];",
  ],
  commands: [],
  coordination: [],
  'multi-analysis': [
    "import type { Container } from 'inversify';",
    "import { type CommandRunner, type Engine, sixfoldModule } from 'sixfold';",
    "import { MultiAnalysisExecutionCommand, multiAnalysisModule } from 'sixfold/commands/multi-analysis';",
    'declare const container: Container; declare const engine: Engine; declare const runner: CommandRunner;',
  ],
  observability: [
    "import { type SixfoldOptions, sixfoldModule } from 'sixfold';",
    "declare const engine: SixfoldOptions['engine']; declare const commands: SixfoldOptions['commands'];",
  ],
  plans: [],
  policies: [],
  sagas: [
    "import type { Class, CommandContext, PlainCommand } from 'sixfold';",
    'declare const ctx: CommandContext; declare function bookHotel(): Promise<void>; declare function bookCar(): Promise<void>;',
    'declare class Trip { city: string } declare class Booked { id: string }',
    'declare const BookTrip: Class<PlainCommand<Trip, Booked>>; declare const CancelTrip: Class<PlainCommand<Booked, void>>;',
  ],
  scaling: [
    "import type { Class, PlainCommand } from 'sixfold';",
    'declare class Order { orderId: string } declare const order: Order; declare const PlaceOrder: Class<PlainCommand<Order, string>>;',
    'declare function application(): Container;',
  ],
};

/** The lines of a page, undefined where they do not stand in a block of the language. */
function linesIn(page: string, language: string): (string | undefined)[] {
  let isInside = false;
  return readFileSync(join(ROOT, 'docs', `${page}.md`), 'utf8')
    .split('\n')
    .map((line) => {
      const isFence = line.startsWith('```');
      if (isFence) isInside = line === `\`\`\`${language}`;
      return isInside && !isFence ? line : undefined;
    });
}

/** Has the line numbers of the page, so that an error of the compiler names them. */
function moduleOf(page: string): string {
  const [, ...lines] = linesIn(page, 'ts');
  return [PAGES[page]?.join(' '), ...lines.map((line) => line ?? '')].join('\n');
}

const project = new UserProject();
beforeAll(async () => {
  for (const name of ['@opentelemetry', '@grpc']) symlinkSync(join(ROOT, 'node_modules', name), join(project.path, 'node_modules', name));
  // A page may show a value that it does nothing with.
  project.write('tsconfig.json', project.read('tsconfig.json').replace('"noUnusedLocals":true', '"noUnusedLocals":false'));
  for (const page of Object.keys(PAGES)) project.write(`src/${page}.ts`, moduleOf(page));
  await project.compile();
});
afterAll(() => project[Symbol.dispose]());

it('every document with TypeScript is among those that were compiled', () => {
  const files = readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md'));
  const pages = files.map((file) => file.slice(0, -'.md'.length)).filter((page) => linesIn(page, 'ts').some((line) => line !== undefined));
  expect(pages.toSorted()).toEqual(Object.keys(PAGES));
});

it.each(['commands', 'coordination'])('docs/%s.md prints what its blocks of text say', async (page) => {
  const said = linesIn(page, 'text').filter((line) => line !== undefined);
  expect(await project.node(`dist/${page}.js`)).toEqual({ code: 0, stdout: `${said.join('\n')}\n`, stderr: '' });
});
