/** What runs leave behind in the memory of a process that goes on. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const PROBE = join(__dirname, '..', 'support', 'leakProbe.mjs');

describe('10,000 runs at once', () => {
  it('leave the heap within 5 % of what it was before them', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', PROBE], { encoding: 'utf8', timeout: 120_000 });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { before, after, closed } = JSON.parse(stdout) as Record<'before' | 'after' | 'closed', number>;
    expect(closed).toBe(3);
    expect(after / before).toBeLessThan(1.05);
  }, 150_000);
});
