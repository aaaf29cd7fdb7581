/** Starts a Restate server in the folder it is given, says its admin URL, and stays. */
import { RestateServer } from '../../../bench/support/restate/RestateServer.js';

async function main(): Promise<void> {
  const { adminUrl } = await RestateServer.start(process.argv[2] ?? '');
  process.stdout.write(`${adminUrl}\n`);
  setInterval(() => undefined, 1000); // Until it is killed.
}

void main();
