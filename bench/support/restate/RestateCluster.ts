/** Restate servers on loopback that replicate to each other, for as long as a test takes. Owns its nodes; does not own the folder. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePorts } from './freePorts.js';
import { PARTITIONS, RestateServer, type RestateServerOptions } from './RestateServer.js';

const CHECKS_MAX = 600;
const CHECK_EVERY_MS = 100;

export class RestateCluster implements AsyncDisposable {
  private constructor(readonly nodes: readonly RestateServer[]) {}

  /**
   * Four partitions, everything kept by two nodes. Ready when it resolves.
   *
   * @param folder has a folder for each node
   * @param count three, to outlive one
   */
  static async start(folder: string, count: number, options: Omit<RestateServerOptions, 'ports'> = {}): Promise<RestateCluster> {
    const free = await freePorts(3 * count);
    const ports = Array.from({ length: count }, (_, index) => {
      const [ingress = 0, admin = 0, node = 0] = free.slice(3 * index);
      return { ingress, admin, node };
    });
    const addresses = JSON.stringify(ports.map(({ node }) => `http://127.0.0.1:${node}`));
    const starts = ports.map((own, index) => {
      const settings = { ...nodeSettings(index + 1, addresses), ...options.settings };
      return RestateServer.start(join(folder, `node-${index + 1}`), { ...options, ports: own, settings });
    });
    const settled = await Promise.allSettled(starts);
    const cluster = new RestateCluster(settled.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : [])));
    try {
      await Promise.all(starts);
      await cluster.ready();
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** For `identityKeys` of workers: each node signs with its own. */
  get publicKeys(): string[] {
    return this.nodes.map(({ publicKey }) => publicKey);
  }

  /**
   * Every node that runs takes requests, knows a leader of every partition, and counts all nodes as those that keep the metadata.
   *
   * @throws when it is not so in a minute
   */
  async ready(): Promise<void> {
    for (let asked = 1; asked <= CHECKS_MAX; asked += 1) {
      const running = this.nodes.filter(({ isRunning }) => isRunning);
      await Promise.all(running.map((node) => node.ready()));
      const members = await Promise.all(running.map(({ adminUrl }) => membersOf(adminUrl)));
      if (members.every((count) => count === this.nodes.length)) return;
      await wait(CHECK_EVERY_MS);
    }
    throw new Error('the nodes of the Restate cluster did not all find each other');
  }

  /**
   * The node that leads most partitions, as the nodes that run say; they say it about every second.
   *
   * @throws when a partition has no leader for a minute
   */
  async leader(): Promise<RestateServer> {
    for (let asked = 1; asked <= CHECKS_MAX; asked += 1) {
      const running = this.nodes.filter(({ isRunning }) => isRunning);
      const led = await Promise.all(running.map(partitionsLedBy));
      const node = running[led.indexOf(Math.max(...led))];
      if (node && led.reduce((sum, count) => sum + count, 0) === PARTITIONS) return node;
      await wait(CHECK_EVERY_MS);
    }
    throw new Error('not every partition of the Restate cluster is led');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
  }
}

function nodeSettings(number: number, addresses: string): Record<string, string> {
  return {
    RESTATE_NODE_NAME: `node-${number}`,
    RESTATE_FORCE_NODE_ID: String(number),
    RESTATE_AUTO_PROVISION: String(number === 1),
    RESTATE_METADATA_CLIENT__ADDRESSES: addresses,
    RESTATE_DEFAULT_REPLICATION: '2',
    RESTATE_GOSSIP_SUSPECT_INTERVAL: '500ms', // The default of 5 s passes before a new node is given a partition.
  };
}

interface ClusterHealth {
  readonly metadata_cluster_health?: { readonly members: readonly number[] };
}

async function partitionsLedBy({ ports }: RestateServer): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${ports.node}/metrics`)).text();
  return Number(/^restate_num_active_partition_leaders\{.*\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

async function membersOf(adminUrl: string): Promise<number> {
  const answer = await fetch(`${adminUrl}/cluster-health`);
  return ((await answer.json()) as ClusterHealth).metadata_cluster_health?.members.length ?? 0;
}
