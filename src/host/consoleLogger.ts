import type { Logger } from '../abstract/Logger.js';

/**
 * A winston logger on standard error: JSON for programs, or plain text.
 * winston is loaded here and at the first use, since that costs more than the rest of the import.
 */
export async function consoleLogger(level: 'debug' | 'warn', form: 'json' | 'text' = 'text'): Promise<Logger> {
  const { createLogger, format, transports } = await import('winston');
  const target = new transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] });
  const text = format.printf(({ level: name, message, run, phase }) => {
    const origin = typeof run === 'string' ? ` (run ${run}, ${String(phase as string)})` : '';
    return `${name}: ${String(message as string)}${origin}`;
  });
  return createLogger({ level, format: form === 'json' ? format.combine(format.timestamp(), format.json()) : text, transports: [target] });
}
