import { cyclesIn } from '../../../../src/commands/multi-analysis/analysers/cycles.js';
import { lineOfImport } from '../../../../src/commands/multi-analysis/analysers/importLine.js';
import { JsonValue } from '../../../../src/commands/multi-analysis/analysers/JsonValue.js';

describe('the line of an import', () => {
  const text = [
    "// import './a.js' was here",
    ' * from "./a.js"',
    "const name = './a.js';",
    'import {',
    '  one,',
    "} from './a.js';",
    "export * from './b.js';",
    'const c = await import(`./c.js`);',
    "const d = require( './d.js' );",
    "import './e+.js';",
  ].join('\n');

  it.each([
    ['./a.js', 6],
    ['./b.js', 7],
    ['./c.js', 8],
    ['./d.js', 9],
    ['./e+.js', 10],
    ['./absent.js', 1],
  ])('of %s is %d', (specifier, line) => {
    expect(lineOfImport(text, specifier)).toBe(line);
  });
});

describe('the cycles in a report', () => {
  const module = (source: string, ...imports: readonly string[]) => ({
    source,
    dependencies: imports.map((name) => ({ resolved: name, module: `./${name}` })),
  });
  const cycle = (...names: readonly string[]) => ({
    cycle: names.map((name) => ({ name: name.replace('?', ''), dependencyTypes: name.endsWith('?') ? ['local', 'type-only'] : ['local'] })),
  });
  const read = (violations: readonly object[]) =>
    cyclesIn(
      JsonValue.parse(JSON.stringify({ modules: [module('a', 'b'), module('b', 'c', 'a'), module('c', 'a')], summary: { violations } })),
    );

  it('are the same from whichever member they are told, and begin at the first path', () => {
    const told = read([cycle('b', 'c', 'a'), cycle('c', 'a', 'b'), cycle('a', 'b', 'c'), cycle('a', 'b')]);
    expect(told.map(({ steps }) => steps)).toEqual([
      [
        { path: 'a', specifier: './b' },
        { path: 'b', specifier: './c' },
        { path: 'c', specifier: './a' },
      ],
      [
        { path: 'a', specifier: './b' },
        { path: 'b', specifier: './a' },
      ],
    ]);
  });

  it('are closed when the modules load only if no import of them is type-only or dynamic', () => {
    expect(read([cycle('b', 'a')]).map(({ atLoad }) => atLoad)).toEqual([true]);
    expect(read([cycle('b?', 'a')]).map(({ atLoad }) => atLoad)).toEqual([false]);
  });

  it('may be a module that imports itself', () => {
    expect(read([cycle('a')])[0]?.steps.map(({ path }) => path)).toEqual(['a']);
  });
});

describe('the JSON of a tool', () => {
  it('may stand behind other lines', () => {
    expect(JsonValue.parse('Debugger attached.\n  {"a":[1]}').at('a').list[0]?.integer).toBe(1);
  });

  it.each([
    ['$.a is not a list', (value: JsonValue) => value.at('a').list],
    ['$.a is not text', (value: JsonValue) => value.at('a').text],
    ['$.a is not an object', (value: JsonValue) => value.at('a').at('b')],
    ['$.c[1].d is not an integer', (value: JsonValue) => value.at('c').list[1]?.at('d').integer],
  ])('is refused by the place: %s', (message, read) => {
    expect(() => read(JsonValue.parse('{"a":1,"c":[{"d":1},{}]}'))).toThrow(message);
  });
});
