import { isInRange, isRange, isVersion } from '../../../systems/versionRange.js';
import type { PlanDraft } from '../PlanDraft.js';
import type { Participating } from '../plannedSystems.js';
import { type Risk, risk } from '../Risk.js';

/** What a system has that declares no version. */
const UNDECLARED = '0.0.0';

/** Of the versions that systems declare. One that only its channel knows is asked for when a run begins. */
export function versionRisks({ scope: { versions = {} }, systems }: PlanDraft): Risk[] {
  return Object.entries(versions).flatMap(([member, range]) => {
    if (range === undefined) return [];
    const own = systems.filter((one) => one.member === member);
    if (own.length === 0) return [risk('version-out-of-range', member, `\`versions\` names "${member}", which is no system of the scope`)];
    return own.flatMap((one) => {
      const reason = reasonAgainst(one, range);
      if (reason === undefined) return [];
      const found = risk('version-out-of-range', one.alias, `${one.alias}: ${reason}`);
      return [one.optional && invalidRange(range) === undefined ? { ...found, severity: 'warning' } : found]; // Then it is absent.
    });
  });
}

function reasonAgainst({ planned: { version }, system }: Participating, range: string): string | undefined {
  const isAskedLater = version === UNDECLARED && system.channel !== undefined;
  return invalidRange(range) ?? (isAskedLater ? undefined : outOfRange(version, range));
}

/** What is wrong with a range, or undefined. */
function invalidRange(range: string): string | undefined {
  return isRange(range) ? undefined : `"${range}" is no range of versions, such as ^1.2.0`;
}

/** Why a version is not one that a range allows, or undefined when it is. */
function outOfRange(version: string, range: string): string | undefined {
  if (!isVersion(version)) return `"${version}" is no semantic version, such as 1.2.0`;
  return isInRange(version, range) ? undefined : `version ${version} is not in ${range}`;
}
