import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fulfilOrders } from './main.js';

const folder = mkdtempSync(join(tmpdir(), 'order-fulfilment-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.once('SIGINT', () => process.exit(130)); // The services end with this process.

const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: console.error };
process.exitCode = (await fulfilOrders({ folder, print: console.log, logger })) ? 0 : 1;
