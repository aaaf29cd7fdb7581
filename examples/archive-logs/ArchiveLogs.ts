import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandContext, CommandFailure, command, PlainCommand } from 'sixfold';
import { ArchiveLogsParams } from './ArchiveLogsParams.js';
import { gzip } from './gzip.js';

const DAY_MS = 24 * 60 * 60 * 1000;

interface Log {
  readonly name: string;
  readonly bytes: number;
}

export interface ArchiveLogsResult {
  readonly archived: readonly (Log & { readonly archiveBytes: number })[];
  /** Found, and left alone because of `--dry-run`. */
  readonly left: readonly Log[];
}

@command({
  name: 'archive-logs',
  params: ArchiveLogsParams,
  description: 'Compress the logs of a folder that have not changed for some days.',
  examples: ['run archive-logs /var/log/shop --older-than 30', 'run archive-logs logs --level best --endings .log,.txt --dry-run'],
  present: (result: ArchiveLogsResult) => ({ text: textOf(result) }),
})
export class ArchiveLogs extends PlainCommand<ArchiveLogsParams, ArchiveLogsResult> {
  async run(params: ArchiveLogsParams, ctx: CommandContext): Promise<ArchiveLogsResult> {
    const before = ctx.now().getTime() - params.olderThan * DAY_MS;
    const logs = await ctx.step('find', () => find(params, before), { effect: 'read' });
    if (params.dryRun) return { archived: [], left: logs };
    const archived: (Log & { archiveBytes: number })[] = [];
    for (const log of logs) {
      const archiveBytes = await ctx.step(`gzip ${log.name}`, ({ signal }) =>
        gzip(join(params.folder, log.name), { level: params.level, signal }),
      );
      archived.push({ ...log, archiveBytes });
    }
    return { archived, left: [] };
  }
}

/** The logs to archive. One that has an archive already keeps it, since that is of an earlier file of the same name. */
async function find({ folder, endings }: ArchiveLogsParams, before: number): Promise<Log[]> {
  const names = await readdir(folder).catch((error: Error) => {
    throw new CommandFailure('SYSTEM_REFUSED', `${folder} cannot be read: ${error.message}.`);
  });
  const candidates = names.filter((name) => endings.some((ending) => name.endsWith(ending)) && !names.includes(`${name}.gz`)).toSorted();
  const logs: Log[] = [];
  for (const name of candidates) {
    const found = await stat(join(folder, name));
    if (found.isFile() && found.mtimeMs <= before) logs.push({ name, bytes: found.size });
  }
  return logs;
}

function textOf({ archived, left }: ArchiveLogsResult): string {
  const lines = [
    ...archived.map(({ name, bytes, archiveBytes }) => `${name}.gz  ${bytes} → ${archiveBytes} bytes`),
    ...left.map(({ name, bytes }) => `${name}  ${bytes} bytes, would be compressed`),
  ];
  return `${lines.length === 0 ? 'There is nothing to archive.' : lines.join('\n')}\n`;
}
