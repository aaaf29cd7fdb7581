/** The services of the example, bundled once for each test file. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FleetOptions, ServiceFleet } from '../../../examples/order-fulfilment/services/ServiceFleet.js';
import { bundleOf } from '../processBundle.js';

/** In memory where there is such a place: what is lost with the power is not asked here. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Starts services with new databases; folders are removed when the test file is done. Not inside a test. */
export function fleets(): {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  folder(): string;
  start(options?: Partial<FleetOptions>): Promise<ServiceFleet>;
} {
  const { file: program, env } = bundleOf('../../examples/order-fulfilment/services/main.ts');
  const root = mkdtempSync(join(ROOT, 'orders-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const folder = (): string => mkdtempSync(join(root, 'fleet-'));
  return {
    program,
    env,
    folder,
    start: (options = {}) => ServiceFleet.start({ folder: folder(), program, ...options, env: { ...env, ...options.env } }),
  };
}
