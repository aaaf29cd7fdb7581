/** The engine that the user names instead of that of the application: by flags, or by the environment. */
import type { ListenOptions } from '../engine/restate/index.js';
import { type Engine, UsageError } from '../index.js';

export interface EngineFlags {
  readonly engine?: string;
  readonly ingress?: string;
  readonly admin?: string;
  readonly listen?: ListenOptions;
  readonly identityKeys?: readonly string[];
  readonly acceptUnsigned?: boolean;
  readonly drainMs?: number;
}

/** What the environment says where no flag does. */
export const ENGINE_VARIABLES = {
  engine: 'SIXFOLD_ENGINE',
  ingress: 'SIXFOLD_RESTATE_INGRESS',
  admin: 'SIXFOLD_RESTATE_ADMIN',
  /** Separated by commas. */
  identityKeys: 'SIXFOLD_RESTATE_IDENTITY_KEYS',
} as const;

/** Those whose runs are elsewhere; the embedded engine is named by its journal. */
export const ENGINES: readonly string[] = ['restate'];

/** Undefined where nobody names one. @throws UsageError `ENGINE_INVALID`, naming the variable */
export async function chosenEngine(flags: EngineFlags = {}): Promise<Engine | undefined> {
  const name = flags.engine ?? variable('engine');
  if (name === undefined) return undefined;
  if (!ENGINES.includes(name)) {
    throw invalid(
      `$${ENGINE_VARIABLES.engine} is ${JSON.stringify(name)}, and there is no engine of that name. Give ${ENGINES.join(' or ')}.`,
    );
  }
  const { ingress = variable('ingress'), admin = variable('admin'), listen, acceptUnsigned = false, drainMs } = flags;
  const identityKeys = flags.identityKeys ?? variable('identityKeys')?.split(',') ?? [];
  if (ingress === undefined) {
    throw invalid(`The engine restate needs the address of Restate's ingress. Give --ingress or $${ENGINE_VARIABLES.ingress}.`);
  }
  const { restateEngine } = await import('../engine/restate/index.js');
  return restateEngine({
    ingressUrl: ingress,
    identityKeys,
    acceptUnsigned,
    ...(admin !== undefined && { adminUrl: admin }),
    ...(listen && { listen }),
    ...(drainMs !== undefined && { drainMs }),
  });
}

function variable(name: keyof typeof ENGINE_VARIABLES): string | undefined {
  return process.env[ENGINE_VARIABLES[name]] || undefined; // An empty one is none.
}

function invalid(message: string): UsageError {
  return new UsageError('ENGINE_INVALID', message);
}
