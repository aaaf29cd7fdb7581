/** How the calls are made durable: some may fail, some have to happen, and some nothing may interrupt. */
import { CancelledError, type Context, RestatePromise, RetryableError, type RunOptions, TerminalError } from '@restatedev/restate-sdk';

const POLICY = { maxRetryAttempts: 8, initialRetryInterval: 50, maxRetryInterval: 1000 };
/** No limit is the default. */
const PATIENT = { initialRetryInterval: 50, maxRetryInterval: 2000 };

type Action<T> = () => Promise<T>;

/** Tries a few times. @throws TerminalError */
export function attempted<T>(ctx: Context, name: string, action: Action<T>): RestatePromise<T> {
  return ctx.run(name, action, POLICY as RunOptions<T>);
}

/** Tries until it happens: a refusal is no way out, nor is a cancellation. */
export function insisted<T>(ctx: Context, name: string, action: Action<T>): Promise<T> {
  const unrefused = (): Promise<T> =>
    action().catch((error: unknown) => {
      throw error instanceof TerminalError ? RetryableError.from(error) : error;
    });
  return shielded(ctx.run(name, unrefused, PATIENT as RunOptions<T>));
}

/** A cancellation rejects what is awaited at the moment, so that is awaited again. */
export async function shielded<T>(promise: RestatePromise<T>): Promise<T> {
  for (;;) {
    try {
      const [value] = await RestatePromise.all([promise]);
      return value;
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
    }
  }
}
