/** A process that serves the commands of `clusterCommands.ts` to Restate. Its argument is WorkerSettings as JSON. */

import { silentTelemetry } from '../../../src/abstract/Telemetry.js';
import { restateEngine } from '../../../src/engine/restate/RestateEngine.js';
import { open } from '../application.js';
import { clusterCommands } from './clusterCommands.js';
import { LedgerClient } from './Ledger.js';
import type { WorkerSettings } from './WorkerProcess.js';

async function main({ ledgerUrl, version, port, isShared, identityKeys, ...urls }: WorkerSettings): Promise<void> {
  const engine = restateEngine({
    ...urls,
    listen: { port, shared: isShared },
    ...(identityKeys ? { identityKeys } : { acceptUnsigned: true }),
    unloadAfterMs: 100,
  });
  const commands = Object.values(clusterCommands(new LedgerClient(ledgerUrl), version));
  const runner = await open(commands, { engine, telemetry: silentTelemetry });
  process.on('disconnect', () => process.exit()); // Whoever started it is gone.
  process.on('message', () => void runner[Symbol.asyncDispose]().then(() => process.exit()));
  process.send?.({ serving: runner.engine.serving });
}

main(JSON.parse(process.argv[2] ?? '{}')).catch((error: unknown) => {
  process.send?.({ refused: String(error) });
});
