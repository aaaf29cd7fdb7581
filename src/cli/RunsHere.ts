/**
 * The runs that this process drives, a line for everything that becomes of them.
 *
 * Owns: which runs are loaded. Does not own: the telemetry that it stands around.
 */
import { oneLine, type RunTrace, type Telemetry, type TracedRun } from '../index.js';

export class RunsHere {
  private readonly loaded = new Map<string, RunTrace>();
  private readonly handedBack: string[] = [];
  /** That runs are handed back needs no reason any more. */
  stopping = false;

  /** @param say is given each line, without its end */
  constructor(private readonly say: (line: string) => void) {}

  /** Ids of those that are loaded. */
  get underWay(): readonly string[] {
    return [...this.loaded.keys()];
  }

  /** Ids of those that had to be left to somebody else, oldest first. */
  get left(): readonly string[] {
    return this.handedBack;
  }

  around(own: Telemetry): Telemetry {
    return { begin: (run) => this.watched(run, own.begin(run)) };
  }

  private watched(run: TracedRun, trace: RunTrace): RunTrace {
    const { runId, resumed } = run;
    this.loaded.set(runId, trace);
    this.tell(run, resumed ? 'goes on' : 'begins');
    return {
      traceparent: trace.traceparent,
      phase: (phase) => trace.phase(phase),
      step: (name, effect) => trace.step(name, effect),
      gate: (verdict) => trace.gate(verdict),
      end: (status, reason) => {
        if (this.loaded.get(runId) === trace) this.loaded.delete(runId); // Another load may have begun.
        if (status === 'handed-back') this.handedBack.push(runId);
        const isExpected = reason === undefined || (this.stopping && status === 'handed-back');
        this.tell(run, isExpected ? wordsOf(status) : `${wordsOf(status)}: ${reason}`);
        trace.end(status, reason);
      },
    };
  }

  private tell({ command, runId }: TracedRun, what: string): void {
    this.say(`${new Date().toISOString()} ${command} ${runId} ${oneLine(what)}`);
  }
}

function wordsOf(status: string): string {
  if (status === 'handed-back') return 'is handed back';
  return status === 'waiting' ? 'waits' : status;
}
