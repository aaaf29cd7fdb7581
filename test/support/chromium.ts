/** The real browser for pages, without a word to the network. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, args: ARGS });
}

/** Runs the tests where what they need is there, and prints why not where it is not. */
export function describeWith(path: string, isRequired: boolean): jest.Describe {
  if (existsSync(path) || isRequired) return describe;
  process.stderr.write(`${expect.getState().testPath?.split('/').at(-1) ?? 'a test'}: skipped what needs ${path}, which does not exist.\n`);
  return describe.skip;
}

/** Runs the tests where the browser is; where every service is required, they fail without it. */
export function describeInBrowser(): jest.Describe {
  return describeWith(PROGRAM, process.env.SIXFOLD_REQUIRE_SERVICES === '1');
}
