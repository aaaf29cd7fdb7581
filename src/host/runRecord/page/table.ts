import { type Markup, markup } from '../../../kernel/text/markup.js';
import { ROWS_MAX } from '../wording.js';

/** A table of texts; the first column names the row. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): Markup {
  const head = columns.map((column) => markup`<th scope="col">${column}</th>`);
  const body = rows.slice(0, ROWS_MAX).map(([name = '', ...cells]) => {
    const rest = cells.map((cell, index) => markup`<td data-name="${columns[index + 1] ?? ''}">${cell}</td>`);
    return markup`<tr><th scope="row">${name}</th>${rest}</tr>
`;
  });
  return markup`<table>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody>
</table>
${moreRows(rows.length)}`;
}

/** Says how many rows are not shown. */
export function moreRows(count: number): Markup {
  const left = count - ROWS_MAX;
  return left > 0 ? markup`<p class="quiet">${left.toLocaleString('en-GB')} more in the JSON form.</p>` : markup``;
}
