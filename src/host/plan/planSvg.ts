/** A plan as a picture. */
import type { OrchestrationPlan } from '../../orchestration/plan/OrchestrationPlan.js';
import { mermaidText } from './mermaidText.js';
import { planChart } from './planChart.js';

/** The package reads no escapes, so what it could take for its own signs is drawn as signs of a private area, and put back afterwards. */
const PRIVATE = 0xe000;
const SIGNS = /(?![\w .,/])[\x20-\x7e]/g;
/** Takes up room when the width of a title is estimated, for letters in bold, and is not drawn. */
const ROOM = '\ue07f';
const STANDING_IN = /[\ue020-\ue07e]/g;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** In place of what the package computes in CSS, which many programs that show SVG do not know. */
const COLOURS: Readonly<Record<string, string>> = {
  bg: '#ffffff',
  _text: '#18181b',
  '_text-sec': '#3f3f46',
  '_text-muted': '#71717a',
  _line: '#71717a',
  _arrow: '#3f3f46',
  '_node-fill': '#f4f4f5',
  '_node-stroke': '#a1a1aa',
  '_inner-stroke': '#e4e4e7',
};

/**
 * A plan as SVG without script and without the address of anything outside of it. A hundred interactions take seconds.
 * `beautiful-mermaid` is loaded at the first call.
 */
export async function planSvg(plan: OrchestrationPlan): Promise<string> {
  const { renderMermaidSVG } = await import('beautiful-mermaid');
  const chart = planChart(plan);
  const text = mermaidText(chart.nodes.length > 0 ? chart : NOTHING, { title: roomy, line: replaced });
  const drawn = renderMermaidSVG(text, { font: 'sans-serif', nodeSpacing: 32, layerSpacing: 48 });
  return `${drawn
    .replace(/<style>[\s\S]*?<\/style>/, '<style>text { font-family: system-ui, sans-serif; }</style>')
    .replace(/ style="--bg[^"]*"/, ` style="background:${COLOURS.bg}"`)
    .replace(/var\(--([a-z_-]+)\)/g, (whole, name: string) => COLOURS[name] ?? whole)
    .replaceAll(ROOM, '')
    .replace(STANDING_IN, putBack)}\n`;
}

const NOTHING = { nodes: [{ title: 'no systems', lines: [], pivot: false }], edges: [] };

function replaced(text: string): string {
  return text.replace(SIGNS, (sign) => String.fromCodePoint(PRIVATE + (sign.codePointAt(0) ?? 0)));
}

function roomy(text: string): string {
  return replaced(text) + ROOM.repeat(Math.ceil(text.length / 5));
}

function putBack(sign: string): string {
  const character = String.fromCodePoint((sign.codePointAt(0) ?? PRIVATE) - PRIVATE);
  return ENTITIES[character] ?? character;
}
