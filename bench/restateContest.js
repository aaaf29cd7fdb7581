/**
 * Steps of commands on the Restate engine, and the same steps written against Restate's SDK: by turns in this process, on one server that is
 * started for it. Prints as JSON the medians: runs of ten steps per second with 32 clients, one after the other and side by side, and how long
 * one run of 500 steps side by side takes, in milliseconds.
 */
import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http2';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as restate from '@restatedev/restate-sdk';
import { connect, rpc } from '@restatedev/restate-sdk-clients';
import { buildSync } from 'esbuild';
import { Container } from 'inversify';
import { command, PlainCommand, sixfoldModule, startSixfold } from 'sixfold';
import { restateEngine } from 'sixfold/restate';
import { median } from './figure.js';

const CLIENTS = 32;
const STEPS = 10;
const MANY_STEPS = 500;
const ROUNDS = 7;
const ROUND_MS = 2000;
const MANY_ROUNDS = 11;
/** What a step gives. */
const BODY = 'x'.repeat(100);
const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };

class NoParams {}

class Sequential extends PlainCommand {
  async run(_params, ctx) {
    let sum = 0;
    for (let index = 0; index < STEPS; index += 1) sum += (await ctx.step(`step ${index}`, async () => ({ index, body: BODY }))).index;
    return sum;
  }
}
command({ name: 'sequential', params: NoParams })(Sequential);

const together = (ctx, count) =>
  Promise.all(Array.from({ length: count }, (_, index) => ctx.step(`step ${index}`, async () => ({ index, body: BODY }))));

class Parallel extends PlainCommand {
  async run(_params, ctx) {
    return (await together(ctx, STEPS)).length;
  }
}
command({ name: 'parallel', params: NoParams })(Parallel);

class Many extends PlainCommand {
  async run(_params, ctx) {
    return (await together(ctx, MANY_STEPS)).length;
  }
}
command({ name: 'many', params: NoParams })(Many);

const rawTogether = async (ctx, count) => {
  const steps = Array.from({ length: count }, (_, index) => ctx.run(`step ${index}`, async () => ({ index, body: BODY })));
  return (await restate.RestatePromise.all(steps)).length;
};
const raw = restate.service({
  name: 'Raw',
  handlers: {
    sequential: async (ctx) => {
      let sum = 0;
      for (let index = 0; index < STEPS; index += 1) sum += (await ctx.run(`step ${index}`, async () => ({ index, body: BODY }))).index;
      return sum;
    },
    parallel: (ctx) => rawTogether(ctx, STEPS),
    many: (ctx) => rawTogether(ctx, MANY_STEPS),
  },
});

/** The server for tests is written in TypeScript. */
function serverClass(folder) {
  const outfile = join(folder, 'server.cjs');
  const entry = join(import.meta.dirname, 'support', 'restate', 'RestateServer.ts');
  buildSync({ entryPoints: [entry], bundle: true, packages: 'external', platform: 'node', format: 'cjs', outfile, logLevel: 'warning' });
  process.env.NODE_PATH = join(import.meta.dirname, '..', 'node_modules');
  createRequire(import.meta.url)('node:module').Module._initPaths();
  return createRequire(import.meta.url)(outfile).RestateServer;
}

async function listen(handler) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function perSecond(call) {
  let done = 0;
  const began = performance.now();
  const client = async () => {
    while (performance.now() - began < ROUND_MS) {
      await call();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return (done * 1000) / (performance.now() - began);
}

async function tookMs(call) {
  const began = performance.now();
  await call();
  return performance.now() - began;
}

/** Both by turns, so that what else the machine does meets them alike; the first turn of each is left out. */
async function byTurns(rounds, measure, calls) {
  const figures = calls.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, call] of calls.entries()) {
      const figure = await measure(call);
      if (round > 0) figures[index].push(figure);
    }
  }
  const [ours, theirs] = figures.map(median);
  return { ours, theirs };
}

const folder = mkdtempSync(join(tmpdir(), 'sixfold-restate-'));
const server = await serverClass(folder).start(join(folder, 'data'));
try {
  const container = new Container();
  const engine = restateEngine({
    ingressUrl: server.ingressUrl,
    adminUrl: server.adminUrl,
    listen: { port: 0 },
    acceptUnsigned: true,
  });
  container.load(sixfoldModule({ engine, commands: [Sequential, Parallel, Many], logger }));
  const runner = await startSixfold(container);
  const rawServer = await listen(restate.createEndpointHandler({ services: [raw], logger: silent }));
  const registered = await fetch(`${server.adminUrl}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${rawServer.address().port}` }),
  });
  if (!registered.ok) throw new Error(await registered.text());
  const client = connect({ url: server.ingressUrl }).serviceClient(raw);
  let calls = 0;
  const keyed = () => {
    calls += 1;
    return rpc.opts({ idempotencyKey: `call-${calls}` });
  };
  const contests = {
    sequential: [() => runner.execute(Sequential, {}), () => client.sequential(keyed())],
    parallel: [() => runner.execute(Parallel, {}), () => client.parallel(keyed())],
    many: [() => runner.execute(Many, {}), () => client.many(keyed())],
  };
  const sequential = await byTurns(ROUNDS, perSecond, contests.sequential);
  const parallel = await byTurns(ROUNDS, perSecond, contests.parallel);
  const many = await byTurns(MANY_ROUNDS, tookMs, contests.many);
  process.stdout.write(`${JSON.stringify({ sequential, parallel, many })}\n`);
  await runner[Symbol.asyncDispose]();
  rawServer.close();
} finally {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(); // Connections of the clients are kept alive.
