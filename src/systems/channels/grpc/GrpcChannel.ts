import type { Call } from '../../../kernel/Call.js';
import { CommandFailure } from '../../../kernel/errors.js';
import type { Channel } from '../Channel.js';
import { overloaded } from '../channelErrors.js';
import type { GrpcChannelOptions } from './GrpcChannelOptions.js';
import { GrpcEndpoint } from './GrpcEndpoint.js';
import { type GrpcRequest, GrpcService } from './GrpcService.js';
import { numberIn, textMessage } from './protobufFields.js';

/** `grpc.health.v1.HealthCheckResponse.ServingStatus` */
const SERVING = 1;

/**
 * Reaches a system by gRPC, with unary methods and such that stream their replies. With every call go the metadata
 * `idempotency-key` and `traceparent`, and its deadline in gRPC's own way. Needs the package `@grpc/grpc-js`, which is loaded at the
 * first call.
 */
export class GrpcChannel implements Channel {
  readonly protocol = 'grpc';
  private readonly endpoint: GrpcEndpoint;
  private readonly service: GrpcService;
  private readonly health: string | undefined;
  private readonly versionFrom: { readonly request: GrpcRequest; readonly field: string } | undefined;

  /** @throws UsageError `CHANNEL_INVALID` naming the option and its value */
  constructor({ service, methods, health, versionFrom, ...options }: GrpcChannelOptions) {
    this.endpoint = new GrpcEndpoint(options);
    this.service = new GrpcService(service, methods);
    this.health = health;
    this.versionFrom = versionFrom && {
      request: this.service.requestTo('versionFrom.method', versionFrom.method),
      field: versionFrom.field ?? 'version',
    };
  }

  /** @throws UsageError `PACKAGE_MISSING` */
  async invoke<O>(operation: string, input: object | undefined, call: Call): Promise<O> {
    return (await this.endpoint.unary(this.service.request(operation, input, 'unary'), call)) as O;
  }

  async *stream<O>(operation: string, input: object | undefined, call: Call): AsyncGenerator<O, void, undefined> {
    yield* this.endpoint.stream(this.service.request(operation, input, 'stream'), call) as AsyncGenerator<O, void, undefined>;
  }

  /** Asks by the health protocol of gRPC; a server that does not know it is healthy unless `health` was given. */
  async checkHealth(call: Call): Promise<void> {
    const bytes = textMessage(this.health ?? '');
    const request = { path: '/grpc.health.v1.Health/Check', bytes, deserialize: (reply: Buffer) => numberIn(reply, 1) };
    try {
      const status = await this.endpoint.unary(request, call);
      if (status !== SERVING)
        throw overloaded(`${this.health || 'The server'} says that it is not serving (status ${String(status)})`, undefined);
    } catch (error) {
      if (this.health === undefined && error instanceof CommandFailure) return;
      throw error;
    }
  }

  async version(call: Call): Promise<string | undefined> {
    if (!this.versionFrom) return undefined;
    const reply = (await this.endpoint.unary(this.versionFrom.request, call)) as Record<string, unknown>;
    const found = reply[this.versionFrom.field];
    return typeof found === 'string' && found !== '' ? found : undefined;
  }

  acquire(): void {
    this.endpoint.connections.acquire();
  }

  async release(): Promise<void> {
    await this.endpoint.connections.release();
  }
}
