/** The door `sixfold/channels/grpc`. */

export {
  type Authentication,
  apiKey,
  type BearerToken,
  basic,
  bearer,
  type Credentials,
  type TokenSource,
} from '../authentication.js';
export type { TlsSettings } from '../tls.js';
export { GrpcChannel } from './GrpcChannel.js';
export type { GrpcChannelOptions, GrpcVersionSource } from './GrpcChannelOptions.js';
