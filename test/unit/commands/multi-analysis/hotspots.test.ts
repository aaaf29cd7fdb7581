import fc from 'fast-check';
import { heatOf, hotspotsOf } from '../../../../src/commands/multi-analysis/synthesis/hotspots.js';
import { gatherMeasures } from '../../../../src/commands/multi-analysis/synthesis/measures.js';

const file = (commits: number, cyclomatic: number, path = 'src/a.ts') => ({ path, commits, cyclomatic, authors: 2, lines: 300 });
const levelOf = (commits: number, cyclomatic: number) => hotspotsOf([file(commits, cyclomatic)])[0]?.level;

describe('hotspots', () => {
  test('a file is hot only when it is both complex and often changed', () => {
    expect(levelOf(24, 100)).toBe('error');
    expect(levelOf(24, 2)).toBeUndefined();
    expect(levelOf(1, 100)).toBeUndefined();
  });

  test('the level follows the heat, on a scale that does not depend on the other files', () => {
    expect([levelOf(12, 30), levelOf(12, 70), levelOf(20, 80)]).toEqual(['note', 'warning', 'error']);
    const hottest = hotspotsOf([file(12, 30), file(100, 400, 'src/b.ts')]);
    expect(hottest.map(({ path, level }) => [path, level])).toEqual([
      ['src/b.ts', 'error'],
      ['src/a.ts', 'note'],
    ]);
  });

  test('a project of simple files has nothing above a note, however often they change', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(29), (commits, cyclomatic) => {
        expect(levelOf(commits, cyclomatic) ?? 'note').toBe('note');
      }),
    );
  });

  test('a file without history is no hotspot', () => {
    expect(hotspotsOf([file(0, 500)])).toEqual([]);
  });

  test('heat stays between 0 and 1 and never falls when a file changes more or gets more complex', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(400), fc.nat(50), fc.nat(50), (commits, cyclomatic, moreCommits, moreComplexity) => {
        const before = heatOf({ commits, cyclomatic });
        const after = heatOf({ commits: commits + moreCommits, cyclomatic: cyclomatic + moreComplexity });
        expect(before).toBeGreaterThanOrEqual(0);
        expect(after).toBeLessThanOrEqual(1);
        expect(after).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  test('equally hot files stand in the order of what they measure, then of their paths', () => {
    const hot = [file(30, 150, 'z.ts'), file(30, 120, 'b.ts'), file(30, 120, 'a.ts')];
    expect(hotspotsOf(hot).map(({ path }) => path)).toEqual(['z.ts', 'a.ts', 'b.ts']);
    expect(hotspotsOf(hot.toReversed())).toEqual(hotspotsOf(hot));
  });
});

describe('measures', () => {
  test('what two analysers measured of a file comes together, and what nobody measured is 0', () => {
    const complexity = { measures: [{ path: 'a.ts', lines: 90, cyclomatic: 12 }] };
    const history = {
      measures: [
        { path: 'a.ts', commits: 5, authors: 2 },
        { path: 'b.ts', commits: 1 },
      ],
    };
    const expected = [
      ['a.ts', { path: 'a.ts', lines: 90, cyclomatic: 12, commits: 5, authors: 2 }],
      ['b.ts', { path: 'b.ts', lines: 0, cyclomatic: 0, commits: 1, authors: 0 }],
    ];
    expect([...gatherMeasures([complexity, history])]).toEqual(expected);
  });
});
