/** The style sheet of the page. Colours are variables, so that dark mode and print are one block each. */

const COLOURS = `
:root { color-scheme: light dark;
  --paper: #fdfcfa; --ink: #1f1e1c; --quiet: #65625c; --line: #e3dfd8; --link: #1f4f8f;
  --error: #a8231a; --warning: #855300; --note: #55606e;
  --h0: #e9e6e0; --h1: #f3dfbb; --h2: #efc588; --h3: #e5a05a; --h4: #b94f26; --h5: #96231c; --on-cool: #2b2926; --on-hot: #fff; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #161618; --ink: #e9e6e1; --quiet: #a09c95; --line: #34332f; --link: #8fb8ee;
  --error: #ff8a7a; --warning: #e8b052; --note: #a5b1c0;
  --h0: #2c2c2e; --h1: #4a3a26; --h2: #6b4a24; --h3: #965d22; --h4: #dd8136; --h5: #ffbe7d; --on-cool: #f1ede7; --on-hot: #1b1410; } }
@media print { :root { color-scheme: light;
  --paper: #fff; --ink: #000; --quiet: #444; --line: #bbb; --link: #000; --error: #a8231a; --warning: #6e4500; --note: #444;
  --h0: #e9e6e0; --h1: #f3dfbb; --h2: #efc588; --h3: #e5a05a; --h4: #b94f26; --h5: #96231c; --on-cool: #2b2926; --on-hot: #fff; } }
`;

const FRAME = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 4rem 2.5rem 3rem; max-width: 75rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1, h2, h3, p, ol, ul, dl, dd, figure { margin: 0; padding: 0; }
h1 { font-size: 2.75rem; line-height: 1.1; font-weight: 650; letter-spacing: -0.025em; overflow-wrap: anywhere; }
h2 { font-size: 1.375rem; line-height: 1.3; font-weight: 650; letter-spacing: -0.012em; margin-bottom: 1.25rem; }
h3 { font-size: 1.0625rem; line-height: 1.4; font-weight: 600; overflow-wrap: anywhere; }
ol, ul { list-style: none; }
code, .path { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.875em; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: 0.15em; }
summary { cursor: pointer; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 3px; }
.quiet { color: var(--quiet); }
.kicker { color: var(--quiet); margin-bottom: 0.5rem; }
header .quiet { margin-top: 0.75rem; font-size: 0.9375rem; }
.figures { display: flex; flex-wrap: wrap; gap: 0.75rem 3rem; margin-top: 2.25rem; padding: 1.25rem 0; border-block: 1px solid var(--line); }
.figures li { color: var(--quiet); }
.figures strong { display: block; color: var(--ink); font-size: 1.75rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -0.02em; }
section, aside { margin-top: 3.5rem; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 18rem; gap: 0 5rem; }
footer { margin-top: 4rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: 0.875rem; }
.level { font-size: 0.8125rem; font-weight: 600; white-space: nowrap; }
.level.error { color: var(--error); } .level.warning { color: var(--warning); } .level.note { color: var(--note); }
.source { color: var(--quiet); font-size: 0.8125rem; }
`;

const FIX_FIRST = `
.ranked > li { display: grid; grid-template-columns: 2.5rem minmax(0, 1fr); padding: 1.25rem 0; border-top: 1px solid var(--line); }
.ranked > li:first-child { border-top: 0; padding-top: 0; }
.rank { color: var(--quiet); font-size: 1.0625rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
.where { display: flex; flex-wrap: wrap; gap: 0 0.75rem; align-items: baseline; margin-top: 0.125rem; }
.reason { margin-top: 0.5rem; max-width: 65ch; overflow-wrap: anywhere; }
.where .source::before { content: "from "; }
.more { margin-top: 1.25rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.more > summary { font-weight: 600; margin-bottom: 1.25rem; }
.clean { font-size: 1.375rem; margin-bottom: 0.5rem; }
.analysers { margin-top: 1.25rem; font-size: 0.9375rem; }
.analysers > div { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; padding: 0.625rem 0; border-top: 1px solid var(--line); }
.analysers dt { font-weight: 600; }
.analysers dd { font-variant-numeric: tabular-nums; }
.analysers .detail { grid-column: 1 / -1; color: var(--quiet); font-size: 0.875rem; overflow-wrap: anywhere; }
.absent strong { color: var(--warning); font-weight: 600; }
`;

const HOTSPOTS = `
.picture svg { display: block; width: 100%; height: auto; font: 11px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
.picture .narrow { display: none; }
.picture figcaption { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.75rem 3rem; margin-top: 1rem; color: var(--quiet); font-size: 0.875rem; }
.legend { display: flex; align-items: flex-start; }
.legend li { width: 4.75rem; line-height: 1.3; padding-right: 0.25rem; }
.swatch { display: block; height: 0.75rem; margin: 0.25rem -0.25rem 0.375rem 0; }
svg .rule { stroke: var(--line); }
svg .rule.top { stroke: var(--ink); }
svg .folder-name { fill: var(--quiet); font-weight: 600; }
svg .file-name { fill: var(--on-cool); pointer-events: none; }
svg .file-name.h4, svg .file-name.h5 { fill: var(--on-hot); }
svg rect:hover { stroke: var(--ink); stroke-width: 2; }
.h0 { fill: var(--h0); background: var(--h0); } .h1 { fill: var(--h1); background: var(--h1); } .h2 { fill: var(--h2); background: var(--h2); }
.h3 { fill: var(--h3); background: var(--h3); } .h4 { fill: var(--h4); background: var(--h4); } .h5 { fill: var(--h5); background: var(--h5); }
.hotspots { width: 100%; margin-top: 2.5rem; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9375rem; }
.hotspots th, .hotspots td { padding: 0.5rem 0 0.5rem 1.5rem; text-align: right; border-bottom: 1px solid var(--line); font-weight: 400; }
.hotspots th:first-child { padding-left: 0; text-align: left; }
.hotspots thead th { color: var(--quiet); font-size: 0.8125rem; vertical-align: bottom; }
.hotspots .heat { white-space: nowrap; }
.bar { display: inline-block; width: 5rem; margin-right: 0.75rem; background: var(--line); }
.bar > span { display: block; height: 0.5rem; }
.picture + .quiet { margin-top: 2rem; }
.hotspots + .quiet { margin-top: 0.75rem; font-size: 0.875rem; }
`;

const FINDINGS = `
.file { border-top: 1px solid var(--line); }
.file:last-of-type { border-bottom: 1px solid var(--line); }
.file > summary { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1.5rem; padding: 0.5rem 0; }
.file > summary::marker { content: ""; }
.file > summary:hover .path { text-decoration: underline; text-underline-offset: 0.2em; }
.file[open] > summary .path { font-weight: 600; }
.totals { display: flex; gap: 1rem; }
.file ul { padding: 0.25rem 0 1rem; }
.file li { display: grid; grid-template-columns: 3.5rem minmax(0, 1fr); padding: 0.375rem 0; overflow-wrap: anywhere; }
.file li > .line { color: var(--quiet); font-variant-numeric: tabular-nums; }
.evidence { color: var(--quiet); font-size: 0.9375rem; }
.all > .quiet, .file > .quiet { padding: 0.75rem 0; }
`;

const NARROW_AND_PRINT = `
@media (max-width: 60rem) { .columns { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 40rem) {
  body { padding: 2rem 1.25rem; }
  h1 { font-size: 2rem; }
  .figures { gap: 1rem 2rem; }
  .figures strong { font-size: 1.375rem; }
  .ranked > li { grid-template-columns: 1.75rem minmax(0, 1fr); }
  .picture .wide { display: none; }
  .picture .narrow { display: block; }
  .picture figcaption { grid-template-columns: minmax(0, 1fr); }
  .legend li { width: 16.66%; font-size: 0.75rem; }
  .hotspots thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  .hotspots tr { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: 0.75rem 0; border-bottom: 1px solid var(--line); }
  .hotspots th, .hotspots td { padding: 0; border: 0; text-align: left; }
  .hotspots tbody th { flex-basis: 100%; }
  .hotspots td[data-name]::after { content: " " attr(data-name); color: var(--quiet); }
  .bar { width: 4rem; }
  .file li { grid-template-columns: 2.5rem minmax(0, 1fr); }
}
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  .ranked > li, .picture, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  svg, .swatch, .bar, .bar > span { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .file > ul { display: none; }
}
`;

export const STYLES = [COLOURS, FRAME, FIX_FIRST, HOTSPOTS, FINDINGS, NARROW_AND_PRINT].join('');
