/** A command as a Restate service: a workflow whose key is that of the run, with handlers beside it for whoever has something for the run. */
import type { WorkflowContext, WorkflowSharedContext } from '@restatedev/restate-sdk';
import { digest } from '../../kernel/digest.js';
import { Invocation } from './Invocation.js';
import { post } from './mailbox.js';
import type { RunInput, RunMail, RunOutput } from './RunMessages.js';
import type { Sessions } from './Sessions.js';
import type { RestateSdk } from './sdk.js';

export interface CommandServiceSettings {
  /** Text of the codec for a run without result. */
  readonly nothing: string;
  /** How long the end of a run, and what was recorded of it, is kept, in milliseconds. */
  readonly retentionMs: number;
}

/** What must be equal in two requests with the same key. */
export function identityOf({ params, principal }: Pick<RunInput, 'params' | 'principal'>): string {
  return `${digest(params)} ${digest(principal)}`;
}

export function commandService(name: string, sdk: RestateSdk, sessions: Sessions, { nothing, retentionMs }: CommandServiceSettings) {
  const { workflow } = sdk.handlers;
  return sdk.workflow({
    name,
    handlers: {
      run: async (ctx: WorkflowContext, input: RunInput): Promise<RunOutput> => {
        if (input.key !== null) void ctx.promise<string>('identity').resolve(identityOf(input));
        const { attemptCompletedSignal } = ctx.request();
        const invocation = new Invocation(sdk, ctx, { input, nothing }, (records) => sessions.open(input, records, attemptCompletedSignal));
        return invocation.drive();
      },
      post: workflow.shared({}, (ctx: WorkflowSharedContext, mail: RunMail): Promise<void> => post(ctx, mail, sdk)),
      resume: workflow.shared({}, async (ctx: WorkflowSharedContext): Promise<boolean> => (await ctx.get('stopped')) !== null),
      query: workflow.shared({}, async (ctx: WorkflowSharedContext): Promise<string | null> => ctx.get<string>('published')),
      stopped: workflow.shared({}, async (ctx: WorkflowSharedContext): Promise<string | null> => ctx.get<string>('stopped')),
      /** Null before the run has begun. */
      identity: workflow.shared({}, async (ctx: WorkflowSharedContext) => (await ctx.promise<string>('identity').peek()) ?? null),
    },
    options: {
      workflowRetention: retentionMs,
      journalRetention: retentionMs,
      inactivityTimeout: 60_000,
      abortTimeout: 86_400_000,
      retryPolicy: { initialInterval: 50, maxInterval: 5000, exponentiationFactor: 2, maxAttempts: 2 ** 31 - 1 },
    },
  });
}
