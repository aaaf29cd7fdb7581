/** Targets of gRPC (its "Name Resolution"): `host:port`, `dns:///host:port`, `ipv4:…`, `ipv6:…`, `unix:/path`. */
import { channelInvalid } from '../channelErrors.js';

/** The host that is talked to; undefined for a socket of this machine. @throws UsageError `CHANNEL_INVALID` */
export function hostOf(address: string): string | undefined {
  if (/^unix:./.test(address)) return undefined;
  const name = address.replace(/^(?:dns:(?:\/\/[^/]*\/)?|ipv4:|ipv6:)/, '');
  const [, host] = /^(\[[^\]\s]+\]|[^\s:/@]+)(?::\d{1,5})?$/.exec(name) ?? [];
  if (host === undefined) throw channelInvalid('address', address, 'Give host:port, such as shop.test:50051, without https://.');
  return host;
}
