/** `sixfold runs`: what the journal has, what is told to its runs, and going on with them. */
import type { Command } from 'commander';
import type { Application } from './Application.js';
import { addAnchor, addVerify } from './runs/anchor.js';
import type { Exit } from './runs/goOn.js';
import { addCheck, addPrune } from './runs/keep.js';
import { addHistory, addList } from './runs/list.js';
import { addFork, addOverride, addResume } from './runs/resume.js';
import { addSettle } from './runs/settle.js';
import { addShow } from './runs/show.js';
import { addCancel, addNotify, addQuery } from './runs/tell.js';

export function addRuns(parent: Command, application: Application, exit: Exit): void {
  const leaf = (name: string, description: string): Command => parent.command(name).description(description);
  const ofRun = (name: string, description: string): Command => leaf(name, description).argument('<id>', 'id of the run, or its beginning');
  addList(leaf('list', 'List the latest runs, and what they wait for.'), application);
  addShow(ofRun('show', 'Show a run: what it waits for, its course over time, or a document of it.'), application);
  addHistory(ofRun('history', 'List everything that was recorded of a run, in order.'), application);
  addResume(ofRun('resume', 'Go on with a run that was interrupted or stopped.'), application, exit);
  addOverride(ofRun('override', 'Let a gate pass that waits for it, and go on with its run.'), application, exit);
  addSettle(ofRun('settle', 'Say what a step did whose outcome is unknown, and go on with its run.'), application, exit);
  addNotify(ofRun('notify', 'Send a signal to a run.'), application);
  addCancel(ofRun('cancel', 'Ask a run to stop.'), application);
  addQuery(ofRun('query', 'Print what a run published last.'), application);
  addFork(ofRun('fork', 'Begin a new run with the first part of another, and run it to its end.'), application, exit);
  addCheck(leaf('check', 'Say of every open run whether it would go on with the present code. Executes nothing.'), application, exit);
  addPrune(leaf('prune', 'Remove runs that ended long ago, or their values.'), application);
  addAnchor(leaf('anchor', 'Print how far every run has come, to notice later what was altered.'), application);
  addVerify(leaf('verify', 'Check every run against its hashes, and against an anchor.'), application, exit);
}
