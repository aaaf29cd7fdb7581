/**
 * The four services as child processes, each with its database in one folder. One that dies is started again, on the same port.
 *
 * Owns: the processes. Does not own: the folder.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Fault } from './FaultSwitches.js';
import type { Address } from './main.js';

export const SERVICE_NAMES = ['user', 'inventory', 'order', 'payment'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

export interface FleetOptions {
  readonly folder: string;
  /** @default that beside this file */
  readonly program?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const HEALTH_CHECKS_MAX = 500;

export class ServiceFleet implements AsyncDisposable {
  private readonly services = new Map<ServiceName, ServiceProcess>();

  static async start(options: FleetOptions): Promise<ServiceFleet> {
    const fleet = new ServiceFleet();
    for (const name of SERVICE_NAMES) fleet.services.set(name, new ServiceProcess(name, options));
    await Promise.all([...fleet.services.values()].map((service) => service.listening));
    return fleet;
  }

  /** Of the HTTP API. */
  url(name: ServiceName): string {
    return `http://127.0.0.1:${this.of(name).address.port}`;
  }

  get inventoryGrpc(): string {
    return `127.0.0.1:${this.of('inventory').address.grpcPort}`;
  }

  /** Ends a service as a crash would. It comes back by itself. */
  kill(name: ServiceName): void {
    this.of(name).kill();
  }

  /** How often services came back. */
  get restarts(): number {
    return [...this.services.values()].reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** Sets fault switches, as soon as the service is there. */
  async plant(name: ServiceName, ...faults: readonly Fault[]): Promise<void> {
    await this.whenUp(name);
    await fetch(`${this.url(name)}/admin/faults`, { method: 'POST', body: JSON.stringify(faults) });
  }

  /** Resolves when a service answers, also one that has just died. */
  async whenUp(name: ServiceName): Promise<void> {
    for (let asked = 1; asked <= HEALTH_CHECKS_MAX; asked += 1) {
      const answer = await fetch(`${this.url(name)}/health`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`the ${name} service does not come back`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.services.values()].map((service) => service.stop()));
  }

  private of(name: ServiceName): ServiceProcess {
    const service = this.services.get(name);
    if (!service) throw new Error(`there is no service ${name}`);
    return service;
  }
}

class ServiceProcess {
  address: Address = { port: 0 };
  restarts = 0;
  readonly listening: Promise<void>;
  private child: ChildProcess;
  private stopped = false;

  constructor(
    private readonly name: ServiceName,
    private readonly options: FleetOptions,
  ) {
    this.child = this.start();
    this.listening = once(this.child, 'message').then(() => undefined);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  private start(): ChildProcess {
    const { folder, program = fileURLToPath(new URL('main.js', import.meta.url)), env } = this.options;
    const { port, grpcPort = 0 } = this.address;
    const args = [this.name, join(folder, `${this.name}.db`), String(port), String(grpcPort)];
    const child = fork(program, args, {
      ...(env ? { env } : {}),
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (address: Address) => {
      this.address = address;
    });
    child.once('exit', () => {
      if (this.stopped) return;
      this.restarts += 1;
      this.child = this.start();
    });
    return child;
  }
}
