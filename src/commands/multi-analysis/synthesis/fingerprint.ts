/**
 * Names a finding so that the next run recognises it: the lines above it may move and the numbers in its message may
 * change. SARIF 2.1.0, section 3.27.17 (`partialFingerprints`).
 */
import { hash } from 'node:crypto';
import type { Finding } from '../Finding.js';
import { comparePlaces, compareText, groupBy, inTurn } from './order.js';

const HEX_DIGITS = 32;

/** The fingerprint of each finding. Equal ones in a file are told apart by their order, not by their lines. */
export function fingerprintsOf(findings: readonly Finding[]): ReadonlyMap<Finding, string> {
  const fingerprints = new Map<Finding, string>();
  for (const [identity, equals] of groupBy(findings, identityOf)) {
    const inOrder = equals.toSorted(inTurn<Finding>(comparePlaces, (left, right) => compareText(left.message, right.message)));
    for (const [ordinal, finding] of inOrder.entries()) {
      fingerprints.set(finding, hash('sha256', `${identity}#${ordinal}`, 'hex').slice(0, HEX_DIGITS));
    }
  }
  return fingerprints;
}

function identityOf(finding: Finding): string {
  return JSON.stringify([finding.analyser, finding.rule, finding.path, finding.message.replace(/\d+/g, '0')]);
}
