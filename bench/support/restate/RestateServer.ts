/**
 * A Restate server of its own on loopback, for as long as a test takes.
 *
 * Owns: the process, which ends with this one however that ends. Does not own: the folder, which is not removed. It has all that the server
 * keeps, and `server.log` with what it said.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePorts } from './freePorts.js';
import { sql } from './invocations.js';
import { OwnedProcess } from './OwnedProcess.js';
import { makeIdentity } from './requestIdentity.js';

export const PARTITIONS = 4;
const CHECKS_MAX = 1200;
const CHECK_EVERY_MS = 50;
const LOG_SHOWN = 2000;

export interface RestatePorts {
  readonly ingress: number;
  readonly admin: number;
  /** For other nodes, and metrics. */
  readonly node: number;
}

export interface RestateServerOptions {
  /** An invocation is replayed from its journal at every await. @default false */
  readonly forceReplay?: boolean;
  /** Requests to workers are signed with a new key. @default false */
  readonly identity?: boolean;
  /** More of the server's own environment variables; they win. */
  readonly settings?: Readonly<Record<string, string>>;
  /** @default three free ones */
  readonly ports?: RestatePorts;
}

/** The program, or nothing where npm has none for the platform. In a bundle it is found by NODE_PATH. */
function binary(): string | undefined {
  try {
    const installed = createRequire(createRequire(__filename).resolve('@restatedev/restate-server/package.json'));
    return installed.resolve(`@restatedev/restate-server-${platform()}-${arch()}/bin/restate-server`);
  } catch {
    return undefined;
  }
}

export function hasRestate(): boolean {
  return binary() !== undefined;
}

export class RestateServer implements AsyncDisposable {
  private process: OwnedProcess;

  private constructor(
    private readonly folder: string,
    readonly ports: RestatePorts,
    private readonly settings: Readonly<Record<string, string>>,
    /** For `identityKeys` of workers; empty without `identity`. */
    readonly publicKey: string,
  ) {
    mkdirSync(folder, { recursive: true });
    this.process = this.launched();
  }

  /** Ready when it resolves. */
  static async start(folder: string, options: RestateServerOptions = {}): Promise<RestateServer> {
    const [ingress = 0, admin = 0, node = 0] = options.ports ? [] : await freePorts(3);
    const ports = options.ports ?? { ingress, admin, node };
    mkdirSync(folder, { recursive: true });
    const keyFile = join(folder, 'identity.pem');
    const settings = {
      ...basicSettings(folder, ports),
      ...(options.forceReplay && { RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '0s' }),
      ...(options.identity && { RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: keyFile }),
      ...options.settings,
    };
    const server = new RestateServer(folder, ports, settings, options.identity ? makeIdentity(keyFile) : '');
    await server.ready().catch(async (error: unknown) => {
      await server.kill();
      throw error;
    });
    return server;
  }

  get ingressUrl(): string {
    return `http://127.0.0.1:${this.ports.ingress}`;
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.ports.admin}`;
  }

  get pid(): number {
    return this.process.pid;
  }

  get isRunning(): boolean {
    return this.process.isRunning;
  }

  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void> {
    return this.process.kill();
  }

  /** Kills it where it runs, and starts it on the same folder and ports. Ready when it resolves. */
  async restart(): Promise<void> {
    await this.kill();
    this.process = this.launched();
    await this.ready();
  }

  /**
   * It takes requests, and knows a leader of every partition.
   *
   * @throws with the end of its log when it ended, or is not ready in a minute
   */
  async ready(): Promise<void> {
    for (let asked = 1; asked <= CHECKS_MAX && this.isRunning; asked += 1) {
      if (await this.isReady()) return;
      await wait(CHECK_EVERY_MS);
    }
    const log = readFileSync(join(this.folder, 'server.log'), 'utf8').slice(-LOG_SHOWN);
    throw new Error(`the Restate server ${this.isRunning ? 'is not ready' : 'ended'}: ${log}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  private async isReady(): Promise<boolean> {
    try {
      const health = await Promise.all([`${this.adminUrl}/health`, `${this.ingressUrl}/restate/health`].map((url) => fetch(url)));
      await sql(this.adminUrl, 'SELECT count(*) FROM sys_invocation_status', 1); // Asks the leader of every partition.
      return health.every(({ ok }) => ok);
    } catch {
      return false; // Not yet.
    }
  }

  private launched(): OwnedProcess {
    const program = binary();
    if (program === undefined) throw new Error(`npm has no Restate server for ${platform()} on ${arch()}`);
    const env = { PATH: process.env.PATH, ...this.settings };
    return OwnedProcess.start(program, { env, log: join(this.folder, 'server.log') });
  }
}

function basicSettings(folder: string, { ingress, admin, node }: RestatePorts): Record<string, string> {
  return {
    RESTATE_BASE_DIR: folder,
    RESTATE_CLUSTER_NAME: 'sixfold',
    RESTATE_NODE_NAME: 'node',
    RESTATE_AUTO_PROVISION: 'true',
    RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_BIND_IP: '127.0.0.1',
    RESTATE_ADVERTISED_HOST: '127.0.0.1',
    RESTATE_BIND_PORT: String(node),
    RESTATE_INGRESS__BIND_PORT: String(ingress),
    RESTATE_ADMIN__BIND_PORT: String(admin),
    RESTATE_DEFAULT_NUM_PARTITIONS: String(PARTITIONS),
    RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '256MiB',
    RESTATE_LOG_DISABLE_ANSI_CODES: 'true',
    RESTATE_DISABLE_TELEMETRY: 'true',
  };
}
