import { once } from 'node:events';
import { connect } from 'node:http2';

/** What a worker answers to somebody who asks as Restate does, without its signature. @returns the HTTP status */
export async function unsignedStatus(url: string, path: string): Promise<number> {
  const session = connect(url);
  try {
    const request = session.request({ ':path': path, accept: 'application/vnd.restate.endpointmanifest.v3+json' });
    const [headers] = (await once(request.end(), 'response')) as [{ readonly ':status': number }];
    return headers[':status'];
  } finally {
    session.destroy();
  }
}
