import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Clock } from '../../../kernel/Clock.js';
import type { Authentication } from '../authentication.js';
import type { TlsSettings } from '../tls.js';

export interface GrpcChannelOptions {
  /** `host:port`, or another target of gRPC such as `dns:///shop.test:443` or `unix:/run/shop.sock`. */
  readonly address: string;
  /** As `@grpc/proto-loader` gives it, or generated code: `package.Warehouse.service`. */
  readonly service: ServiceDefinition;
  /** Names of methods by operation. @default the operation's name, its first letter in upper case or as it is */
  readonly methods?: Readonly<Record<string, string>>;
  readonly auth?: Authentication;
  /** `{}` trusts the authorities that Node knows. @default unencrypted */
  readonly tls?: TlsSettings;
  /** Sends credentials unencrypted to another machine. @default false */
  readonly allowPlaintext?: boolean;
  /** To establish a connection, TLS included, in milliseconds. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /** For the reply to a call, in milliseconds, if its deadline is not sooner. A stream has no such limit. @default 300_000 */
  readonly replyTimeoutMs?: number;
  /** Of a message of the reply. @default 16 MiB */
  readonly replyBytesMax?: number;
  /** Name of the service to ask about by `grpc.health.v1.Health`; '' is the whole server. @default a connection is enough */
  readonly health?: string;
  /** Where the system says its version. @default nowhere */
  readonly versionFrom?: GrpcVersionSource;
  /** What deadlines are compared with. @default that of the machine */
  readonly clock?: Clock;
}

/** A unary method whose request is empty. */
export interface GrpcVersionSource {
  readonly method: string;
  /** Of the reply. @default 'version' */
  readonly field?: string;
}
