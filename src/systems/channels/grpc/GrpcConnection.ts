/**
 * A client of grpc-js, set up so that it does nothing on its own.
 *
 * Owns: the connection, who waits for it, and how many calls it carries. Does not own: the calls.
 * Invariants: a call is begun only when the connection is there, or is known to have failed, so that until then nothing was sent; it
 * is closed when the last call on it is over.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { ChannelOptions, Client } from '@grpc/grpc-js';
import { UsageError } from '../../../kernel/errors.js';
import type { TlsMaterial } from '../tls.js';
import { HeldSockets } from './HeldSockets.js';

export type Grpc = typeof import('@grpc/grpc-js');

export interface GrpcTarget {
  readonly address: string;
  readonly serverName: string | undefined;
  readonly replyBytesMax: number;
}

export class GrpcConnection {
  private settling: Promise<void> | undefined;
  private calls = 0;
  private idle: (() => void) | undefined;

  private constructor(
    readonly grpc: Grpc,
    readonly client: Client,
    private readonly sockets: HeldSockets,
  ) {}

  /** Connects at the first call. @throws UsageError `PACKAGE_MISSING` */
  static async open({ address, serverName, replyBytesMax }: GrpcTarget, material: TlsMaterial | undefined): Promise<GrpcConnection> {
    const grpc = await load();
    const options = { ...ALONE, 'grpc.max_receive_message_length': replyBytesMax, ...namedAs(serverName) };
    const sockets = new HeldSockets();
    return new GrpcConnection(grpc, new grpc.Client(address, sockets.of(credentialsOf(grpc, material)), options), sockets);
  }

  /** A call more; the returned function takes it away. */
  begin(): () => void {
    this.calls += 1;
    return () => {
      this.calls -= 1;
      if (this.calls === 0) this.idle?.();
    };
  }

  /** There is a connection. Begins to make one where there is none. */
  get isReady(): boolean {
    return this.client.getChannel().getConnectivityState(true) === this.grpc.connectivityState.READY;
  }

  /** Resolves when there is a connection, or the attempt to make one failed, which the next call then says. */
  async settled(): Promise<void> {
    const channel = this.client.getChannel();
    const { READY, TRANSIENT_FAILURE } = this.grpc.connectivityState;
    this.settling ??= new Promise<void>((resolve) => {
      const look = (): void => {
        const state = channel.getConnectivityState(true);
        if (state === READY || state === TRANSIENT_FAILURE) resolve();
        else channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, look);
      };
      look();
    }).finally(() => {
      this.settling = undefined;
    });
    await this.settling;
  }

  async close(): Promise<void> {
    if (this.calls > 0) {
      await new Promise<void>((resolve) => {
        this.idle = resolve;
      });
    }
    this.client.close();
    await turn(); // For its good-byes.
    await this.sockets.end();
  }
}

/** No retries but of what the server never took up, no service config from elsewhere, no proxy, no connection shared with others. */
const ALONE: ChannelOptions = {
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_channelz': 0,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
};

function namedAs(serverName: string | undefined): ChannelOptions {
  return serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName };
}

function credentialsOf({ credentials }: Grpc, material: TlsMaterial | undefined) {
  if (!material) return credentials.createInsecure();
  const [ca, key, cert] = [material.ca, material.key, material.cert].map((pem) => (pem === undefined ? null : Buffer.from(pem)));
  return credentials.createSsl(ca, key, cert);
}

/** Late: an optional peer of this package. */
async function load(): Promise<Grpc> {
  try {
    return await import('@grpc/grpc-js');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
    throw new UsageError('PACKAGE_MISSING', 'A GrpcChannel needs @grpc/grpc-js. Install it: npm install @grpc/grpc-js', {
      cause: error,
      details: { package: '@grpc/grpc-js' },
    });
  }
}
