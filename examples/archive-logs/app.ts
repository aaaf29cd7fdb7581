/**
 * An application for the command line: its default export gives the container. After a build:
 *
 *   sixfold --app dist/app.js run archive-logs /var/log/shop --older-than 30
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Container } from 'inversify';
import { embeddedEngine, sixfoldModule } from 'sixfold';
import { ArchiveLogs } from './ArchiveLogs.js';

export default function application(): Container {
  const file = process.env.ARCHIVE_LOGS_JOURNAL ?? '.sixfold/archive-logs.db';
  mkdirSync(dirname(file), { recursive: true });
  const container = new Container();
  container.load(sixfoldModule({ engine: embeddedEngine({ file }), commands: [ArchiveLogs] }));
  return container;
}
