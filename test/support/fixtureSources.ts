/** The sources of the fixture projects. What is planted stands in files of its own, so that no analyser sees another's problem. */

/** In two halves, so that a scan of this repository does not find it. */
const TOKEN = ['xoxb', '123456789012', '1234567890123', 'AbCdEfGhIjKlMnOpQrStUvWx'].join('-');

export const HOTSPOT_COMMITS = 24;
/** The file that every commit after the first changes. */
export const REVISED = 'src/pricing.ts';

/** Where the problems of the planted project stand. */
export const planted = {
  lint: { path: 'src/checkout.ts', line: 2 },
  complexity: { path: REVISED, line: 1 },
  duplication: { path: 'src/invoice.ts', line: 1, twin: 'src/receipt.ts' },
  'dead-code': { path: 'src/discount.ts', line: 5 },
  cycles: { path: 'src/customer.ts', line: 2, twin: 'src/order.ts' },
  secrets: { path: 'src/notify.ts', line: 3 },
  hotspot: { path: REVISED, commits: HOTSPOT_COMMITS, authors: 2 },
} as const;

export const CLEAN: Readonly<Record<string, string>> = {
  'package.json': `${JSON.stringify({ name: 'fixture-shop', version: '1.0.0', private: true, type: 'module', exports: './src/index.ts' }, null, 2)}\n`,
  'tsconfig.json': '{ "compilerOptions": { "module": "NodeNext", "strict": true }, "include": ["src"] }\n',
  '.gitignore': 'ignored/\n*.log\n',
  'README.md': '# A shop\n',
  'src/index.ts': `import { checkout } from './checkout.js';
import { ordersOf } from './customer.js';
import { discount } from './discount.js';
import { invoice } from './invoice.js';
import { notify } from './notify.js';
import { price } from './pricing.js';
import { receipt } from './receipt.js';

export const shop = { checkout, discount, invoice, notify, ordersOf, price, receipt };
`,
  'src/checkout.ts': `export function checkout(total: number): string {\n  return \`to pay: \${total}\`;\n}\n`,
  'src/customer.ts':
    "// Customers.\nimport { type Order, sum } from './order.js';\n\nexport const ordersOf = (orders: readonly Order[]): number => sum(orders);\n",
  'src/order.ts': `export interface Order {
  readonly amount: number;
}

export const sum = (orders: readonly Order[]): number => orders.reduce((total, { amount }) => total + amount, 0);
`,
  'src/discount.ts': 'export function discount(total: number): number {\n  return total * 0.9;\n}\n',
  'src/invoice.ts': `export const invoice = (total: number): string => \`Invoice over \${total}\`;\n`,
  'src/notify.ts': `export const notify = (text: string): string => \`told: \${text}\`;\n`,
  'src/pricing.ts': 'export const price = (amount: number): number => amount * 2;\n',
  'src/receipt.ts': `export const receipt = (total: number): string => \`Receipt for \${total}\`;\n`,
};

const COPIED = `  const lines = items.map((item, index) => \`\${index + 1}. \${item.name}: \${item.amount}\`);
  const net = items.reduce((total, item) => total + item.amount, 0);
  const tax = Math.round(net * 0.19 * 100) / 100;
  const shipping = net > 50 ? 0 : 4.9;
  lines.push(\`Net: \${net}\`);
  lines.push(\`Tax: \${tax}\`);
  lines.push(\`Shipping: \${shipping}\`);
  lines.push(\`Total: \${net + tax + shipping}\`);
  lines.push(net > 100 ? 'Thank you for the large order.' : 'Thank you.');
  return lines.filter((line) => line.length > 0).join('\\n');
}
`;
const ITEMS = 'items: readonly { name: string; amount: number }[]';

/** A hundred decisions, no two alike. */
function tangledPricing(): string {
  const rules = Array.from({ length: 50 }, (_, index) => {
    const [low, high] = [index * 17 + 3, index * 31 + 7];
    return `  if (amount > ${low} && weight < ${high}) result ${'+-*'.charAt(index % 3)}= ${index % 7 === 0 ? `weight % ${low}` : index + 0.5};`;
  });
  return [
    'export function price(amount: number, weight = 1): number {',
    '  let result = amount;',
    ...rules,
    '  return result;',
    '}',
    '',
  ].join('\n');
}

export const PLANTED: Readonly<Record<string, string>> = {
  [planted.lint.path]: `export function checkout(total: number): string {\n  debugger;\n  return \`to pay: \${total}\`;\n}\n`,
  [planted.complexity.path]: tangledPricing(),
  [planted.duplication.path]: `export function invoice(${ITEMS}): string {\n${COPIED}`,
  [planted.duplication.twin]: `export function receipt(${ITEMS}): string {\n${COPIED}`,
  [planted['dead-code'].path]:
    `${CLEAN['src/discount.ts']}\nexport function oldDiscount(total: number): number {\n  return total - 1;\n}\n`,
  [planted.cycles.twin]: `import { ordersOf } from './customer.js';\n\nexport interface Order {\n  readonly amount: number;\n}

export const sum = (orders: readonly Order[]): number => (orders.length > 9 ? ordersOf(orders.slice(1)) : orders.length);\n`,
  [planted.secrets.path]:
    `// Tells the staff.\n\nconst token = '${TOKEN}';\n\nexport const notify = (text: string): string => \`\${token.length}: \${text}\`;\n`,
};

/** The hotspot as the `revision`th commit leaves it: lines keep their numbers. */
export function revised(text: string, revision: number): string {
  return `${text}// revision ${revision}\n`;
}

/** A module that leaves a trace when it is run. */
export function leavingTrace(trace: string): string {
  return `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(trace)}, import.meta.url);\nexport default {};\n`;
}

/** Configuration of every tool: broken, hiding the problems, or a program that leaves a trace when it is run. */
export function hostile(trace: string): Readonly<Record<string, string>> {
  const leaveTrace = leavingTrace(trace);
  const manifest = JSON.parse(CLEAN['package.json'] ?? '') as object;
  return {
    'package.json': `${JSON.stringify({ ...manifest, scripts: { build: 'vite build --config build/vite.config.ts' }, devDependencies: { vite: '^8.0.0' } }, null, 2)}\n`,
    '.oxlintrc.json': '{ "rules": { "no-debugger": "off" } }\n',
    'src/.oxlintrc.json': '{ broken',
    'tools/oxlint.config.ts': leaveTrace,
    'knip.json': '{ "entry": broken',
    'knip.ts': leaveTrace,
    'vite.config.ts': leaveTrace,
    'build/vite.config.ts': leaveTrace,
    'fta.json': '{ "exclude_directories": ["/src"], "score_cap": 1 }\n',
    '.jscpd.json': '{ "minTokens": 100000, "exitCode": 7, "ignore": ["**/*"] }\n',
    '.dependency-cruiser.cjs': `require('node:fs').writeFileSync(${JSON.stringify(trace)}, 'cjs');\n`,
    '.dependency-cruiser.mjs': leaveTrace,
    'tsconfig.json': '{ "extends": "./nowhere.json", broken',
    '.secretlintrc.json': '{ broken',
    '.secretlintignore': '**/*\n',
    '.gitattributes': '*.ts diff=trace\n',
  };
}
