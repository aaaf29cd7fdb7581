/** A Restate server of its own on free ports of loopback, for as long as a test takes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { arch, platform } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

const HEALTH_CHECKS_MAX = 600;

export interface RestatePorts {
  readonly ingress: number;
  readonly admin: number;
  /** Kept free for the program that serves. */
  readonly program: number;
}

export class RestateServer implements AsyncDisposable {
  private readonly end = (): void => void this.child.kill('SIGKILL');

  private constructor(
    private readonly child: ChildProcess,
    readonly ports: RestatePorts,
  ) {
    process.once('exit', this.end);
  }

  /** @param folder for what it keeps; not removed */
  static async start(folder: string): Promise<RestateServer> {
    const [ingress = 0, admin = 0, node = 0, program = 0] = await freePorts(4);
    const installed = createRequire(require.resolve('@restatedev/restate-server/package.json'));
    const binary = installed.resolve(`@restatedev/restate-server-${platform()}-${arch()}/bin/restate-server`);
    const child = spawn(binary, [], { env: settings(folder, { ingress, admin, node }), stdio: 'ignore' });
    const server = new RestateServer(child, { ingress, admin, program });
    await server.whenUp();
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.end);
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.end();
    await exited;
  }

  private async whenUp(): Promise<void> {
    for (let asked = 1; asked <= HEALTH_CHECKS_MAX; asked += 1) {
      const answers = [`${this.ports.admin}/health`, `${this.ports.ingress}/restate/health`].map((path) =>
        fetch(`http://127.0.0.1:${path}`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      if ((await Promise.all(answers)).every(Boolean)) return;
      await wait(50);
    }
    throw new Error('the Restate server does not answer');
  }
}

function settings(folder: string, { ingress, admin, node }: { ingress: number; admin: number; node: number }): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    RESTATE_BASE_DIR: folder,
    RESTATE_CLUSTER_NAME: 'comparison',
    RESTATE_NODE_NAME: 'comparison',
    RESTATE_AUTO_PROVISION: 'true',
    RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_BIND_IP: '127.0.0.1',
    RESTATE_ADVERTISED_HOST: '127.0.0.1',
    RESTATE_BIND_PORT: String(node),
    RESTATE_INGRESS__BIND_PORT: String(ingress),
    RESTATE_ADMIN__BIND_PORT: String(admin),
    RESTATE_DEFAULT_NUM_PARTITIONS: '4',
    RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '256MiB',
    RESTATE_DISABLE_TELEMETRY: 'true',
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
