/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} title what is measured, over what
 * @property {string} unit of value and limit
 * @property {number} budget of the ratio
 * @property {'at most' | 'at least'} bound which side of the budget is good
 * @property {boolean} [nightly] takes minutes, and is measured when it is asked for
 * @property {(say: (line: string) => void) => Promise<Measured>} measure
 *
 * @typedef {object} Measured
 * @property {number} value ours
 * @property {number} limit what it is measured against, interleaved with ours in the same run
 *
 * @typedef {object} Figure
 * @property {string} name
 * @property {number} value
 * @property {string} unit
 * @property {number} limit
 * @property {number} ratio value / limit
 * @property {number} budget
 * @property {boolean} ok the ratio is within its budget
 */

/**
 * @param {Row} row
 * @param {Measured} measured
 * @returns {Figure}
 */
export function figureOf({ name, unit, budget, bound }, { value, limit }) {
  const ratio = value / limit;
  return { name, value, unit, limit, ratio, budget, ok: bound === 'at most' ? ratio <= budget : ratio >= budget };
}

const HEADINGS = ['row', 'value', 'limit', 'unit', 'ratio', 'budget', ''];

/**
 * @param {readonly Figure[]} figures
 * @returns {string}
 */
export function tableOf(figures) {
  const cells = figures.map(({ name, value, limit, unit, ratio, budget, ok }) => [
    name,
    shown(value),
    shown(limit),
    unit,
    ratio.toFixed(3),
    String(budget),
    ok ? 'ok' : 'over budget',
  ]);
  const lines = [HEADINGS, ...cells];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column]))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function shown(number) {
  return Math.abs(number) >= 1000 ? Math.round(number).toLocaleString('en') : number.toPrecision(4);
}

/** The middle one, or the mean of the two in the middle. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle) - 1]) / 2;
}
