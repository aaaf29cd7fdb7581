/** The mailbox of a run: promises of its workflow, `mail-0` and on, each of which somebody keeps once. */
import type { WorkflowSharedContext } from '@restatedev/restate-sdk';
import { JSON_INPUT } from './jsonInput.js';
import { addressOf, POST } from './RunAddress.js';
import type { RunMail } from './RunMessages.js';
import type { RestateSdk } from './sdk.js';

/** Mail comes in order; more than so many at once is our own mistake. */
const MAIL_MAX = 1_000_000;

/** Puts mail behind all that is there, or sends it after a run that has moved. */
export async function post(ctx: WorkflowSharedContext, mail: RunMail, sdk: RestateSdk): Promise<void> {
  for (let index = (await ctx.get<number>('mail')) ?? 0; index < MAIL_MAX; index += 1) {
    const place = ctx.promise<RunMail>(`mail-${index}`);
    if (await isFirst(place.resolve(mail), sdk)) return;
    const other = await place.peek();
    if (other?.kind !== 'moved') continue;
    if (mail.kind === 'moved') return; // It is said already.
    ctx.genericSend({ ...addressOf(other.to, other.turn), method: POST, parameter: mail, ...JSON_INPUT });
    return;
  }
}

/** Whether nobody was faster. @param kept of the mail that was put in its place */
export async function isFirst(kept: Promise<void>, sdk: RestateSdk): Promise<boolean> {
  try {
    await kept;
    return true;
  } catch (error) {
    if (error instanceof sdk.TerminalError && !(error instanceof sdk.CancelledError)) return false;
    throw error;
  }
}
