import { messageOf } from '../kernel/errors.js';
import type { Logger } from '../kernel/Logger.js';

/**
 * A winston logger on standard error: JSON for programs, or plain text. winston is loaded with the first line that is
 * to be written, since that costs more than the rest of the start; lines keep their order.
 */
export function consoleLogger(level: 'debug' | 'warn', form: 'json' | 'text' = 'text'): Logger {
  let target: Promise<Logger> | undefined;
  const writer = (name: keyof Logger) => (message: string, fields?: object) => {
    target ??= winstonLogger(level, form);
    target.then(
      (logger) => logger[name](message, fields),
      // A warning must not end the process because its writer is missing.
      (error: unknown) =>
        process.stderr.write(`${name}: ${message} (winston cannot be loaded: ${messageOf(error)}; npm install winston)\n`),
    );
  };
  const silent = (): void => undefined;
  const quiet = level === 'warn';
  return {
    debug: quiet ? silent : writer('debug'),
    info: quiet ? silent : writer('info'),
    warn: writer('warn'),
    error: writer('error'),
  };
}

async function winstonLogger(level: string, form: 'json' | 'text'): Promise<Logger> {
  const { createLogger, format, transports } = await import('winston');
  const target = new transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] });
  const text = format.printf(({ level: name, message, run, phase }) => {
    const origin = typeof run === 'string' ? ` (run ${run}, ${String(phase as string)})` : '';
    return `${name}: ${String(message as string)}${origin}`;
  });
  return createLogger({ level, format: form === 'json' ? format.combine(format.timestamp(), format.json()) : text, transports: [target] });
}
