import fc from 'fast-check';
import type { Finding } from '../../../../src/commands/multi-analysis/Finding.js';
import { ANALYSER_NAMES, LEVELS } from '../../../../src/commands/multi-analysis/Finding.js';
import { resolveConflicts } from '../../../../src/commands/multi-analysis/synthesis/conflicts.js';
import { finding } from '../../../support/sampleReport.js';

const analysersOf = (findings: readonly Finding[]) => findings.map(({ analyser }) => analyser);

/** Few values each, so that conflicts and duplicates are frequent. */
const anyFinding: fc.Arbitrary<Finding> = fc
  .record({
    analyser: fc.constantFrom(...ANALYSER_NAMES),
    rule: fc.constantFrom('r', 's'),
    level: fc.constantFrom(...LEVELS),
    message: fc.constantFrom('m 1', 'm 2', 'n'),
    path: fc.constantFrom('a.ts', 'b.ts'),
    startLine: fc.constantFrom(1, 2),
    length: fc.constantFrom(1, 3, 40, 41, 90),
    related: fc.option(fc.constant([{ path: 'b.ts', startLine: 7, endLine: 9 }]), { nil: undefined }),
    helpUri: fc.option(fc.constantFrom('https://a.example', 'https://b.example'), { nil: undefined }),
  })
  .map(({ length, related, helpUri, ...rest }) => ({
    ...rest,
    endLine: rest.startLine + length - 1,
    ...(related && { related }),
    ...(helpUri && { helpUri }),
  }));

const wordsOf = ({ analyser, rule, path, startLine, endLine, message }: Finding): string =>
  JSON.stringify([analyser, rule, path, startLine, endLine, message]);

describe('conflicts', () => {
  test('a secret has the word over every other analyser, and they become its evidence, strongest first', () => {
    const at = { path: 'src/a.ts', startLine: 4, endLine: 4 };
    const all = ANALYSER_NAMES.map((analyser) => finding({ ...at, analyser }));
    const [winner, ...others] = resolveConflicts(all);
    expect(winner?.analyser).toBe('secrets');
    expect(others).toEqual([]);
    expect(analysersOf(winner?.evidence ?? [])).toEqual(['cycles', 'dead-code', 'complexity', 'duplication', 'lint', 'history']);
  });

  test('a place is as bad as the worst that is said of it, whoever has the word', () => {
    const [winner] = resolveConflicts([finding({ analyser: 'dead-code', level: 'note' }), finding({ analyser: 'lint', level: 'error' })]);
    expect(winner).toMatchObject({ analyser: 'dead-code', level: 'error', evidence: [{ analyser: 'lint', level: 'error' }] });
  });

  test('two findings of one analyser never conflict', () => {
    const resolved = resolveConflicts([finding({ rule: 'a' }), finding({ rule: 'b' })]);
    expect(resolved.map(({ evidence }) => evidence)).toEqual([[], []]);
  });

  test('other files and other lines are other places', () => {
    const elsewhere = [finding({ analyser: 'secrets', path: 'src/b.ts' }), finding({ analyser: 'secrets', startLine: 2 })];
    expect(resolveConflicts([finding(), ...elsewhere])).toHaveLength(3);
  });

  test('a block does not conflict with a point at its first line', () => {
    const block = finding({ analyser: 'duplication', startLine: 10, endLine: 60 });
    expect(resolveConflicts([block, finding({ startLine: 10 })])).toHaveLength(2);
  });

  test('two blocks conflict when they are practically the same, and only then', () => {
    const block = finding({ analyser: 'duplication', startLine: 10, endLine: 60 });
    const nearly = finding({ analyser: 'complexity', startLine: 10, endLine: 62 });
    const longer = finding({ analyser: 'complexity', startLine: 10, endLine: 90 });
    expect(resolveConflicts([block, nearly])).toMatchObject([{ analyser: 'complexity', evidence: [{ analyser: 'duplication' }] }]);
    expect(resolveConflicts([block, longer])).toHaveLength(2);
  });

  test('what was said twice is said once, with everything that either related to', () => {
    const twin = { path: 'src/b.ts', startLine: 3, endLine: 9 };
    const other = { path: 'src/c.ts', startLine: 1, endLine: 7 };
    const resolved = resolveConflicts([
      finding({ analyser: 'duplication', level: 'note', related: [other] }),
      finding({ analyser: 'duplication', level: 'warning', related: [twin, other] }),
    ]);
    expect(resolved).toMatchObject([{ level: 'warning', related: [twin, other], evidence: [] }]);
  });

  test('the result does not depend on who reported first', () => {
    const shuffled = fc
      .array(anyFinding, { maxLength: 25 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })));
    fc.assert(
      fc.property(shuffled, ([all, otherwise]) => {
        expect(resolveConflicts(otherwise)).toEqual(resolveConflicts(all));
      }),
    );
  });

  test('everything that was said is there exactly once, as a finding or as evidence', () => {
    fc.assert(
      fc.property(fc.array(anyFinding, { maxLength: 25 }), (all) => {
        const said = resolveConflicts(all).flatMap((winner) => [winner, ...winner.evidence].map(wordsOf));
        expect(said.sort()).toEqual([...new Set(all.map(wordsOf))].sort());
      }),
    );
  });
});

describe('fingerprints', () => {
  const fingerprintsOf = (...findings: Finding[]) => resolveConflicts(findings).map(({ fingerprint }) => fingerprint);

  test('stay the same when the finding moves and the numbers in its message change', () => {
    const before = fingerprintsOf(finding({ startLine: 10, message: 'A complexity of 87.' }));
    expect(fingerprintsOf(finding({ startLine: 240, message: 'A complexity of 9.' }))).toEqual(before);
  });

  test('differ by file, rule and message', () => {
    const different = [finding(), finding({ path: 'src/b.ts' }), finding({ rule: 'other' }), finding({ message: 'Other.' })];
    expect(new Set(fingerprintsOf(...different)).size).toBe(4);
  });

  test('tell apart findings that say the same of two places in a file, by their order', () => {
    const [first, second] = fingerprintsOf(finding({ startLine: 3 }), finding({ startLine: 30 }));
    expect(second).not.toBe(first);
    expect(fingerprintsOf(finding({ startLine: 8 }), finding({ startLine: 80 }))).toEqual([first, second]);
  });

  test('do not change when another analyser speaks of the place or falls silent', () => {
    const complaint = finding({ analyser: 'dead-code' });
    const [alone] = fingerprintsOf(complaint);
    expect(fingerprintsOf(complaint, finding({ analyser: 'lint' }))).toEqual([alone]);
  });
});
