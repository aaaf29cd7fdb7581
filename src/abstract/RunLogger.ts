import type { Logger } from '../kernel/Logger.js';
import { withoutSensitive } from '../kernel/sensitiveKeys.js';

export interface RunLoggerParts {
  readonly target: Logger;
  /** Lines of a replay were written before. */
  readonly silent: () => boolean;
  /** Fields that say where a line comes from. They win over those of the caller. */
  readonly origin: () => object;
  readonly redact: (text: string) => string;
}

/** Adds to every line where it comes from, takes secrets out, and stays silent on replay. */
export class RunLogger implements Logger {
  constructor(private readonly parts: RunLoggerParts) {}

  debug(message: string, fields?: object): void {
    this.write('debug', message, fields);
  }

  info(message: string, fields?: object): void {
    this.write('info', message, fields);
  }

  warn(message: string, fields?: object): void {
    this.write('warn', message, fields);
  }

  error(message: string, fields?: object): void {
    this.write('error', message, fields);
  }

  private write(level: keyof Logger, message: string, fields: object | undefined): void {
    const { target, silent, origin, redact } = this.parts;
    if (silent()) return;
    const shown = fields === undefined ? {} : (withoutSensitive(fields, redact) as object);
    target[level](redact(message), { ...shown, ...origin() });
  }
}
