/** The same commands, unchanged, on every engine: ten orders over services that fail, and the analysis of a project. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Container } from 'inversify';
import { fulfilOrders } from '../../examples/order-fulfilment/main.js';
import { ORDERS } from '../../examples/order-fulfilment/orders.js';
import { type AnalysisReport, MultiAnalysisExecutionCommand, multiAnalysisModule } from '../../src/commands/multi-analysis/index.js';
import { type Engine, embeddedEngine, sixfoldModule, startSixfold } from '../../src/index.js';
import { silent } from '../support/engineHarness.js';
import { plantedProject } from '../support/fixtureProjects.js';
import { fleets } from '../support/orders/fleet.js';
import { hasRestate, restateServers } from '../support/restate/engines.js';

jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'engines-'));
const services = fleets();
const project = plantedProject();
const restate = restateServers(folder);
afterAll(() => {
  project[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

let journals = 0;
const isRunnable = process.env.SIXFOLD_REQUIRE_SERVICES === '1' || hasRestate();
if (!isRunnable) process.stderr.write('engines.test.ts: not on Restate, npm has no Restate server for this platform.\n');

const ENGINES: Readonly<Record<string, () => Promise<Engine>>> = {
  memory: async () => embeddedEngine({ file: ':memory:' }),
  embedded: async () => embeddedEngine({ file: join(folder, `${journals++}.db`) }),
  ...(isRunnable && { restate: () => restate.engine() }),
};

/** What the example prints on one of them. */
async function ordersOn(open: () => Promise<Engine>): Promise<readonly string[]> {
  const { program, env } = services;
  const printed: string[] = [];
  const print = (text: string): void => void printed.push(text);
  await fulfilOrders({ folder: services.folder(), program, env, print, logger: silent, engine: await open() });
  return printed;
}

/** By engine, all at once: most of it is waiting for services that do not answer. */
const ordered = new Map<string, Promise<readonly string[]>>();
beforeAll(() => {
  for (const [name, open] of Object.entries(ENGINES)) ordered.set(name, ordersOn(open));
  void Promise.allSettled(ordered.values()); // Each is awaited by its own test.
});

describe.each(Object.entries(ENGINES))('on the engine %s', (name, open) => {
  it('ten orders under mixed faults end as they should, and the books balance', async () => {
    const printed = (await ordered.get(name)) ?? [];
    const orders = printed.slice(0, ORDERS.length).map((line) => line.split(/\s+/).at(-1));
    expect(orders).toEqual(ORDERS.map(({ ends }) => ends));
    expect(printed.at(-1)).toBe('the books balance');
    const report = printed[ORDERS.length];
    expect(report).toMatch(/undo orders\.create .* succeeded/);
    expect(report?.includes('| Run | fulfil-order.')).toBe(name === 'restate'); // So begin ids there, and nowhere else.
  });

  it('multi-analysis finds what is planted', async () => {
    const container = new Container();
    const engine = await open();
    container.load(multiAnalysisModule(), sixfoldModule({ engine, commands: [MultiAnalysisExecutionCommand], logger: silent }));
    await using runner = await startSixfold(container);
    const out = join(folder, `report-${name}`);
    const { summary } = await runner.execute(MultiAnalysisExecutionCommand, { path: project.root, out });
    expect(summary.analysers.map(({ status }) => status)).toEqual(Array(7).fill('done'));
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as AnalysisReport;
    const { hotspot, ...places } = project.planted;
    for (const [analyser, { path, line }] of Object.entries(places)) {
      const all = report.findings.flatMap((finding) => [finding, ...finding.evidence]);
      expect(all).toContainEqual(expect.objectContaining({ analyser, path, startLine: line }));
    }
    expect(report.hotspots[0]).toMatchObject({ path: hotspot.path });
  });
});
