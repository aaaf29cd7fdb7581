/** `sixfold new`: source files to begin with. */
import type { Command } from 'commander';
import { writeCommand } from './scaffold/writeCommand.js';

interface NewCommandOptions {
  readonly saga?: boolean;
  readonly folder: string;
}

const WRITES = `
Writes FOLDER/NAME/ with the command, its params and a test that passes as it is:

  sixfold new command tidy-inbox           TidyInbox.ts, TidyInboxParams.ts, TidyInbox.test.ts
  sixfold new command ship-order --saga    the same, and Systems.ts

The plain command has one journaled step. With --saga it coordinates two systems, and a try/catch in it undoes what the
first one did when the second says no. The test is for jest or vitest where the nearest package.json has them, else for
node:test. Files that exist are never overwritten.`;

export function addNew(parent: Command): void {
  parent.addHelpText('after', WRITES);
  const leaf = parent
    .command('command')
    .description('Write a command, its params and its test.')
    .argument('<name>', 'name of the command: lower case words joined by hyphens')
    .option('--saga', 'coordinate two systems, and undo the first when the second says no')
    .option('--folder <dir>', 'folder that gets a folder of that name', 'src/commands')
    .addHelpText('after', WRITES);
  leaf.action((name: string) => {
    const { saga = false, folder } = leaf.opts<NewCommandOptions>();
    process.stdout.write(writeCommand({ name, saga, folder }));
  });
}
