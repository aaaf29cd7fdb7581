/** The style sheet of the page. Colours are variables, so that dark mode and print are one block each. */

const COLOURS = `
:root { color-scheme: light dark;
  --paper: #fdfcfa; --ink: #1f1e1c; --quiet: #65625c; --line: #e3dfd8; --field: #f4f1ec; --bar: #4a6d8c;
  --good: #1d6b3a; --bad: #a8231a; --warn: #855300; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #161618; --ink: #e9e6e1; --quiet: #a09c95; --line: #34332f; --field: #1f1f22; --bar: #7d9fbf;
  --good: #7fcf9b; --bad: #ff8a7a; --warn: #e8b052; } }
@media print { :root { color-scheme: light;
  --paper: #fff; --ink: #000; --quiet: #444; --line: #bbb; --field: #fff; --bar: #4a6d8c;
  --good: #1d6b3a; --bad: #a8231a; --warn: #6e4500; } }
`;

const FRAME = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 4rem 2.5rem 3rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3, p, ol, ul, dl, dd, pre { margin: 0; padding: 0; }
h1 { font-size: 2.5rem; line-height: 1.1; font-weight: 650; letter-spacing: -0.025em; }
h2 { font-size: 1.375rem; line-height: 1.3; font-weight: 650; letter-spacing: -0.012em; margin-bottom: 1rem; }
h3 { font-size: 1rem; line-height: 1.4; font-weight: 600; }
ol, ul { list-style: none; }
section { margin-top: 3rem; }
code, pre, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.875em; }
pre { padding: 1rem 1.25rem; background: var(--field); border: 1px solid var(--line); white-space: pre-wrap; line-height: 1.5; }
.quiet, .kicker { color: var(--quiet); }
.kicker { margin-bottom: 0.5rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
strong { font-weight: 600; }
.state { margin-top: 0.75rem; font-size: 1.125rem; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.375rem 2rem; margin-top: 2rem; padding: 1.25rem 0; border-block: 1px solid var(--line); }
.facts dt { color: var(--quiet); }
.facts dd { font-variant-numeric: tabular-nums; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 1.25rem 2rem; }
.figures dt { color: var(--quiet); font-size: 0.875rem; }
.figures dd { font-size: 1.375rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.trouble { padding-left: 1.25rem; border-left: 3px solid var(--bad); }
.trouble li + li { margin-top: 0.75rem; }
.trouble code { font-weight: 600; }
footer { margin-top: 3rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: 0.875rem; }
`;

const TIMES = `
.track { position: relative; align-self: center; width: 100%; height: 0.5rem; background: var(--line); }
.bar { position: absolute; inset-block: 0; background: var(--bar); }
.bar.failed { background: var(--bad); }
.bar.rest { inset-block: 0.1875rem; }
.bar.open { background: repeating-linear-gradient(90deg, var(--bar) 0 0.25rem, transparent 0.25rem 0.5rem); }
.took { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.phases > li { display: grid; grid-template-columns: 8rem minmax(0, 1fr) 6rem; gap: 0.25rem 1.5rem; padding: 0.75rem 0; border-top: 1px solid var(--line); }
.phases > li:last-child { border-bottom: 1px solid var(--line); }
.phases ul { grid-column: 2 / -1; font-size: 0.9375rem; }
.phases ul li { display: grid; grid-template-columns: 4rem minmax(0, 1fr) 6rem; gap: 0 1rem; padding: 0.125rem 0; }
.kind { color: var(--quiet); }
.waits { padding-left: 1.25rem; border-left: 3px solid var(--warn); }
.waits li + li { margin-top: 0.375rem; }
`;

const TABLES = `
table { width: 100%; border-collapse: collapse; font-size: 0.9375rem; }
th, td { padding: 0.5rem 1.5rem 0.5rem 0; text-align: left; vertical-align: top; font-weight: 400; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--quiet); font-size: 0.8125rem; white-space: nowrap; }
.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
.steps td { overflow-wrap: normal; }
.steps tr:has(+ .why) > * { border-bottom: 0; }
.steps .why td { padding-top: 0; overflow-wrap: anywhere; }
.steps .quiet { font-size: 0.8125rem; }
.steps .why li { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0 0.75rem; }
.steps .when { width: 22%; min-width: 8rem; padding-top: 1rem; }
table + .quiet { margin-top: 0.75rem; }
.tables table + table { margin-top: 1.5rem; }
.replies > li + li { margin-top: 1.5rem; }
.replies pre { margin-top: 0.5rem; }
`;

const SEQUENCE = `
.sequence { overflow-x: auto; }
.sequence svg { display: block; height: auto; max-width: 100%; }
.sequence svg + svg { margin-top: 1rem; }
.sequence text { font-size: 13px; fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.sequence .undo text { stroke: var(--field); }
.sequence .head { font-weight: 600; }
.sequence .time, .sequence .quiet { font-size: 11px; fill: var(--quiet); font-variant-numeric: tabular-nums; }
.sequence .life { stroke: var(--line); stroke-width: 1.5; }
.sequence .foot { fill: var(--bar); }
.sequence .arrow { stroke: var(--bar); stroke-width: 1.5; }
.sequence .reply { stroke-dasharray: 5 4; }
.sequence .tip, .sequence .mark { fill: var(--bar); }
.sequence .cross { stroke-width: 2; fill: none; }
.sequence .undoing { fill: var(--field); stroke: var(--line); stroke-dasharray: 4 3; }
.sequence text.bad, .sequence .tip.bad, .sequence .mark.bad { fill: var(--bad); }
.sequence text.warn, .sequence .tip.warn, .sequence .mark.warn { fill: var(--warn); }
.sequence .arrow.bad, .sequence .cross.bad { stroke: var(--bad); }
.sequence .arrow.warn, .sequence .cross.warn { stroke: var(--warn); }
`;

const NARROW_AND_PRINT = `
@media (max-width: 44rem) {
  body { padding: 2rem 1.25rem; }
  h1 { font-size: 2rem; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd { margin-bottom: 0.5rem; }
  .phases > li { grid-template-columns: minmax(0, 1fr) auto; }
  .phases > li > .track { grid-column: 1 / -1; grid-row: 2; }
  .phases ul { grid-column: 1 / -1; }
  .phases ul li { grid-template-columns: 3.5rem minmax(0, 1fr) auto; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  tbody tr { display: block; padding: 0.75rem 0; border-bottom: 1px solid var(--line); }
  tbody th, tbody td { display: block; padding: 0; border: 0; }
  tbody td[data-name]::before { content: attr(data-name) ": "; color: var(--quiet); }
  .steps tr:has(+ .why) { border-bottom: 0; padding-bottom: 0; }
  .steps td[data-name], .steps td:nth-child(2) { display: inline-block; margin-right: 1.25rem; }
  .steps .when { display: block; width: 100%; padding: 0.375rem 0 0; }
}
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  tr, .phases > li, .phases ul li, .sequence svg { break-inside: avoid; }
  .sequence { overflow: visible; }
  .sequence svg { min-width: 0 !important; }
  h2, h3 { break-after: avoid; }
  .track, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  a { color: inherit; }
}
`;

export const STYLES = [COLOURS, FRAME, TIMES, TABLES, SEQUENCE, NARROW_AND_PRINT].join('');
