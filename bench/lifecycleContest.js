/**
 * One command, one handler, one params class, and two ways to run them: the lifecycle of sixfold on its in-memory journal,
 * and the command bus of @nestjs/cqrs behind Nest's ValidationPipe. By turns in this process, each with so many under way
 * at a time as a server has. Prints `{ ours, theirs }`, the medians of the lifecycles per second of processor time, so
 * that it does not matter what else the machine does.
 */
import 'reflect-metadata';
import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CommandBus, CommandHandler, CqrsModule } from '@nestjs/cqrs';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Length, Min } from 'class-validator';
import { Container } from 'inversify';
import { command, embeddedEngine, PlainCommand, sixfoldModule, startSixfold } from 'sixfold';
import { median } from './figure.js';

const ROUNDS = 15;
const ROUND_MS = 500;
const UNDER_WAY = 64;

class OrderParams {
  customer;
  quantity;
  express;
  channel;
  note;
}
const RULES = {
  customer: [IsString(), Length(1, 40)],
  quantity: [IsInt(), Min(1)],
  express: [IsBoolean()],
  channel: [IsIn(['shop', 'phone'])],
  note: [IsOptional(), IsString()],
};
for (const [field, rules] of Object.entries(RULES)) for (const rule of rules) rule(OrderParams.prototype, field);

const order = (quantity) => ({ customer: 'Ada', quantity, express: true, channel: 'shop', note: 'ring twice' });

class TakeOrder extends PlainCommand {
  async run({ customer, quantity }) {
    return { customer, quantity };
  }
}
command({ name: 'take-order', params: OrderParams })(TakeOrder);

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function sixfold() {
  const container = new Container();
  container.load(sixfoldModule({ engine: embeddedEngine({ file: ':memory:' }), commands: [TakeOrder], logger: silent }));
  const runner = await startSixfold(container);
  return { execute: (quantity) => runner.execute(TakeOrder, order(quantity)), close: () => runner[Symbol.asyncDispose]() };
}

class Order {
  constructor(params) {
    this.params = params;
  }
}
class OrderHandler {
  async execute({ params: { customer, quantity } }) {
    return { customer, quantity };
  }
}
CommandHandler(Order)(OrderHandler);

async function nest() {
  const module = { module: class Shop {}, imports: [CqrsModule.forRoot()], providers: [OrderHandler] };
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  await app.init();
  const bus = app.get(CommandBus);
  const pipe = new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true });
  const body = { type: 'body', metatype: OrderParams };
  return { execute: async (quantity) => bus.execute(new Order(await pipe.transform(order(quantity), body))), close: () => app.close() };
}

/** Lifecycles per second of processor time, the collection of their garbage included. */
async function rateOf({ execute }) {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  let done = 0;
  const goOn = async () => {
    while (performance.now() - startedAt < ROUND_MS) {
      await execute(done + 1);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, goOn));
  const { user, system } = process.cpuUsage(cpuBefore);
  return (done * 1_000_000) / (user + system);
}

/** Who does not validate, or does not run the handler, is fast. */
async function refuseIdle(execute) {
  const { customer, quantity } = await execute(7);
  const refused = await execute(0).then(
    () => false,
    () => true,
  );
  if (customer !== 'Ada' || quantity !== 7 || !refused) throw new Error('the handler did not run, or the params were not validated');
}

const [us, them] = await Promise.all([sixfold(), nest()]);
for (const contestant of [us, them]) {
  await refuseIdle(contestant.execute);
  await rateOf(contestant); // Compiles it.
}
const ours = [];
const theirs = [];
for (let round = 1; round <= ROUNDS; round += 1) {
  // Who goes first changes, so that what one leaves behind serves both.
  if (round % 2 === 0) theirs.push(await rateOf(them));
  ours.push(await rateOf(us));
  if (round % 2 === 1) theirs.push(await rateOf(them));
}
await Promise.all([us.close(), them.close()]);
process.stdout.write(JSON.stringify({ ours: median(ours), theirs: median(theirs) }));
