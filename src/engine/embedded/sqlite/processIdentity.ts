/** Which process it is: a pid alone is used again, and means another process in another container. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  /** Where its pid means something: one boot of one machine, and there one pid namespace. Unknown for journals of format 1. */
  readonly place?: string;
  /** When it started, in the machine's own count; null where the system does not say. */
  readonly start?: string | null;
}

export function thisProcess(): ProcessIdentity {
  if (process.platform !== 'linux') return { place: `${process.platform}/${hostname()}`, start: null };
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return { place: `${boot}/${readlinkSync('/proc/self/ns/pid')}`, start: statOf(process.pid)?.start ?? null };
}

/** It is certain that the process has ended. False when nothing is known of it from here. */
export function hasEnded(pid: number, identity: ProcessIdentity, here: ProcessIdentity): boolean {
  if (identity.place !== undefined && identity.place !== here.place) return false;
  if (!exists(pid)) return true;
  const stat = statOf(pid);
  if (!stat) return false;
  const isAnother = typeof identity.start === 'string' && identity.start !== stat.start;
  return isAnother || stat.state === 'Z' || stat.state === 'X';
}

/** It is certain that this very process is stopped (SIGSTOP), and not by a debugger. */
export function isStopped(pid: number, identity: ProcessIdentity, here: ProcessIdentity): boolean {
  const stat = statOf(pid);
  return identity.place === here.place && stat !== undefined && stat.start === identity.start && stat.state === 'T';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Of /proc/PID/stat; the name of the program comes before the last parenthesis and may hold anything. */
function statOf(pid: number): { readonly state: string; readonly start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', start: fields[19] ?? '' }; // Fields 3 and 22 of proc_pid_stat(5).
  } catch {
    return undefined; // No such process, no /proc, or one that hides the processes of others.
  }
}
