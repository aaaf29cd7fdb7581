/** The bench as a program; its rows measure, so none is run here. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const BENCH = join(__dirname, '..', '..', 'bench');

function node(...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, args, { cwd: BENCH, encoding: 'utf8' });
}

describe('the bench', () => {
  it('refuses a row that there is not, and names those that there are', () => {
    const { status, stderr } = node('run.js', '--only', 'nope');
    expect(stderr).toMatch(/there is no row "nope"; there are .*multi-analysis/);
    expect(status).toBe(2);
  });

  it('refuses an unknown option, and explains itself', () => {
    expect(node('run.js', '--onyl', 'multi-analysis')).toMatchObject({ status: 2, stderr: expect.stringContaining('--onyl') });
    expect(node('run.js', '--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/--json FILE[\s\S]*multi-analysis/) });
  });

  it('holds a figure against its budget on the side that is good', () => {
    const script = `
      import { figureOf, tableOf } from './figure.js';
      const row = { name: 'row', unit: 's', budget: 1.15 };
      const figures = [1.1, 1.2].flatMap((value) => ['at most', 'at least'].map((bound) => figureOf({ ...row, bound }, { value, limit: 1 })));
      console.log(JSON.stringify({ figures, table: tableOf(figures) }));`;
    const { figures, table } = JSON.parse(node('--input-type=module', '--eval', script).stdout) as { figures: object[]; table: string };
    expect(figures[0]).toEqual({ name: 'row', value: 1.1, unit: 's', limit: 1, ratio: 1.1, budget: 1.15, ok: true });
    expect(figures.map((figure) => (figure as { ok: boolean }).ok)).toEqual([true, false, false, true]);
    expect(table.split('\n')[1]).toBe('row  1.100  1.000  s     1.100  1.15    ok');
  });
});
