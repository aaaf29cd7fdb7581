import { UsageError } from '../../kernel/errors.js';

export type RestateSdk = typeof import('@restatedev/restate-sdk');

/** The SDK, which is a peer that only a worker needs. @throws UsageError `RESTATE_NOT_INSTALLED` */
export async function restateSdk(): Promise<RestateSdk> {
  try {
    return await import('@restatedev/restate-sdk');
  } catch (error) {
    throw new UsageError(
      'RESTATE_NOT_INSTALLED',
      'A worker of the Restate engine needs @restatedev/restate-sdk, which is not installed. Run `npm install @restatedev/restate-sdk`.',
      { cause: error },
    );
  }
}
