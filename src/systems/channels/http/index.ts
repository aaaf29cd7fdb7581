/** The door `sixfold/channels/http`. */

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
export { HttpChannel } from './HttpChannel.js';
export type { HttpChannelOptions, HttpVersionSource } from './HttpChannelOptions.js';
