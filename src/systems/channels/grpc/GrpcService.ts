/** The methods of a service by the operations they stand for. */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { UsageError } from '../../../kernel/errors.js';
import { channelInvalid, noWayFor } from '../channelErrors.js';

type Method = MethodDefinition<unknown, unknown>;

/** What goes over the wire for one call. */
export interface GrpcRequest {
  /** Such as `/shop.Warehouse/Reserve`. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly deserialize: (bytes: Buffer) => unknown;
}

type Kind = 'unary' | 'stream';

export class GrpcService {
  private readonly methods: ReadonlyMap<string, Method>;

  /** @throws UsageError `CHANNEL_INVALID` for a name that is no method */
  constructor(
    definition: ServiceDefinition,
    private readonly names: Readonly<Record<string, string>> = {},
  ) {
    if (typeof definition !== 'object' || definition === null) {
      throw channelInvalid('service', definition, 'Give a service definition, such as package.Warehouse.service.');
    }
    this.methods = new Map(Object.entries(definition) as [string, Method][]);
    for (const [operation, name] of Object.entries(names)) this.method(`methods.${operation}`, name);
  }

  /** An empty request to a unary method. @throws UsageError `CHANNEL_INVALID` naming `field` */
  requestTo(field: string, name: string): GrpcRequest {
    return requestOf(this.method(field, name), {}, 'unary');
  }

  /** @throws UsageError `CHANNEL_INVALID` for an operation without a method of that kind, `INPUT_INVALID` for an input that it cannot carry */
  request(operation: string, input: object | undefined, kind: Kind): GrpcRequest {
    const name = this.names[operation];
    const method = name === undefined ? this.byConvention(operation) : this.method(`methods.${operation}`, name);
    return requestOf(method, input, kind);
  }

  private method(field: string, name: string): Method {
    const method = this.methods.get(name);
    if (!method) throw channelInvalid(field, name, `The service has ${[...this.methods.keys()].join(', ') || 'no methods'}.`);
    return method;
  }

  private byConvention(operation: string): Method {
    const method = this.methods.get(`${operation.charAt(0).toUpperCase()}${operation.slice(1)}`) ?? this.methods.get(operation);
    if (!method) throw noWayFor(operation, this.methods.keys());
    return method;
  }
}

function requestOf(method: Method, input: object | undefined, kind: Kind): GrpcRequest {
  if (method.requestStream || method.responseStream !== (kind === 'stream')) {
    throw channelInvalid(
      'method',
      method.path,
      `It is no ${kind === 'unary' ? 'unary method' : 'method with a stream of replies to one request'}.`,
    );
  }
  try {
    return {
      path: method.path,
      bytes: method.requestSerialize(input ?? {}),
      deserialize: method.responseDeserialize,
    };
  } catch (error) {
    throw new UsageError('INPUT_INVALID', `The input of ${method.path} does not fit its message: ${String(error)}. Nothing was sent.`, {
      cause: error,
    });
  }
}
