/**
 * A thread that writes batches over a connection of its own, so that a slow disk does not hold up the main thread.
 *
 * Owns: the worker. Does not own: what is written and when. Invariant: one batch at a time; a batch under way keeps the
 * process from ending.
 */
import { Worker } from 'node:worker_threads';
import { type Batch, type Commit, commitWriter } from './commitWriter.js';

interface ThreadData {
  readonly file: string;
  readonly pragmas: string;
  readonly texts: Readonly<Record<string, string>>;
}

type Answer = 'ready' | Commit | { readonly message: string; readonly errcode: number | undefined };

export class CommitThread {
  private readonly worker: Worker;
  private underWay: { resolve(commit: Commit): void; reject(error: unknown): void } | undefined;
  private ended: Error | undefined;
  private ready = false;

  constructor(data: ThreadData) {
    this.worker = new Worker(SOURCE, { eval: true, workerData: data });
    this.worker.unref();
    this.worker.on('message', (answer: Answer) => this.settle(answer));
    this.worker.on('error', (error: Error) => this.end(error));
    this.worker.on('exit', (code) => this.end(new Error(`the writing thread ended with ${code}`)));
  }

  /** It has begun, and takes batches. */
  get isReady(): boolean {
    return this.ready;
  }

  /** Why it could not begin, if it could not: then it has written nothing, and never will. */
  get notStarted(): Error | undefined {
    return this.ready ? undefined : this.ended;
  }

  /** @throws what SQLite throws, with its code */
  commit(batch: Batch): Promise<Commit> {
    if (this.ended) return Promise.reject(this.ended);
    this.worker.ref();
    return new Promise((resolve, reject) => {
      this.underWay = { resolve, reject };
      this.worker.postMessage(batch);
    });
  }

  async close(): Promise<void> {
    this.worker.removeAllListeners('exit');
    await this.worker.terminate();
  }

  private settle(answer: Answer): void {
    if (answer === 'ready') {
      this.ready = true;
      return;
    }
    this.worker.unref();
    if ('message' in answer) this.underWay?.reject(Object.assign(new Error(answer.message), { errcode: answer.errcode }));
    else this.underWay?.resolve(answer);
  }

  private end(error: Error): void {
    this.ended ??= error;
    this.underWay?.reject(error);
  }
}

/** Runs in the thread, from its source text. A tool that changes the text of the program may keep it from that. */
function serve(writerOf: typeof commitWriter): void {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const { file, pragmas, texts } = workerData as ThreadData;
  const database = new DatabaseSync(file);
  database.exec(pragmas);
  const commit = writerOf(database, texts);
  parentPort?.on('message', (batch: Batch) => {
    try {
      parentPort.postMessage(commit(batch));
    } catch (error) {
      const { message, errcode } = error as Error & { readonly errcode?: number };
      parentPort.postMessage({ message, errcode });
    }
  });
  parentPort?.postMessage('ready');
}

const SOURCE = `(${serve.toString()})(${commitWriter.toString()})`;
