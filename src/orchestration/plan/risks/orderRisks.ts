import { systemSpecOf } from '../../../systems/System.js';
import type { PlanDraft } from '../PlanDraft.js';
import { satisfies } from '../plannedSystems.js';
import { type Risk, risk } from '../Risk.js';

/** Of the order of systems. */
export function orderRisks(draft: PlanDraft): Risk[] {
  const circles = draft.layers.cycles.map((path) =>
    risk('order-cycle', path[0] ?? '', `systems wait for one another: ${path.join(' after ')}`),
  );
  return [...unknownNames(draft), ...missingRequirements(draft), ...circles];
}

function unknownNames({ scope: { after = {} }, systems }: PlanDraft): Risk[] {
  const known = new Set(systems.map(({ member }) => member));
  return Object.entries(after)
    .flatMap(([member, earlier]) => [member, ...(earlier ?? [])].map((name) => ({ member, name })))
    .filter(({ name }) => !known.has(name))
    .map(({ member, name }) =>
      risk('order-unknown', member, `\`after\` names "${name}", which is no system of the scope (${[...known].join(', ')})`),
    );
}

function missingRequirements({ systems }: PlanDraft): Risk[] {
  return systems.flatMap(({ alias, system }) =>
    systemSpecOf(system)
      .requires.filter((type) => !systems.some((other) => satisfies(other, type, system)))
      .map((type) => risk('required-missing', alias, `${alias} requires ${type.name}, and the scope has none`)),
  );
}
