import { jsonLine, jsonText } from '../../../src/cli/jsonText.js';

it('shows what JSON lacks as what comes nearest, at every depth', () => {
  const value = { big: [10n], map: new Map([['a', new Set([1n])]]), when: new Date(0), none: undefined };
  expect(JSON.parse(jsonText(value))).toEqual({ big: ['10'], map: [['a', ['1']]], when: '1970-01-01T00:00:00.000Z' });
});

it('of nothing is an empty line, as a command without result prints it', () => expect(jsonText(undefined)).toBe('\n'));

it('stands on one line for a person', () => expect(jsonLine({ n: 1n, of: 'x' })).toBe('{"n":"1","of":"x"}'));
