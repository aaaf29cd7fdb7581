/** What can go wrong with a plan, before anything was done. `docs/plans.md` lists the same codes; a test compares the two. */

export interface RiskEntry {
  /** A plan with an error is refused before anything happens. */
  readonly severity: 'error' | 'warning';
  /** What happens when it goes wrong. */
  readonly scenario: string;
  /** What to do about it. */
  readonly answer: string;
}

const MAPPING = 'The call is refused when its turn comes, with all before it done.';

export const RISKS = {
  'constraint-invalid': {
    severity: 'error',
    scenario: 'The constraint would be broken by every run, or by none.',
    answer: 'Correct it in `constraints` of the scope.',
  },
  'graph-call-unknown': {
    severity: 'error',
    scenario: 'There is nothing to call when the turn of the node comes.',
    answer: 'Correct `call`, or mark the method with `@operation`.',
  },
  'graph-cycle': {
    severity: 'error',
    scenario: 'Each of these nodes waits for the others, so none is ever called.',
    answer: 'Take one of the references or `after` out.',
  },
  'graph-node-unknown': {
    severity: 'error',
    scenario: 'The node would wait for what never comes.',
    answer: 'Correct the name in `from` or `after`.',
  },
  'latency-unreachable': {
    severity: 'warning',
    scenario: 'A slow system is waited for as long as its limits allow, and by then the run is late.',
    answer: 'Give shorter limits and fewer attempts in `policy`, or widen `latencyMsMax`.',
  },
  'mapping-missing': { severity: 'error', scenario: MAPPING, answer: 'Give the field in `input` of the node.' },
  'mapping-unknown': {
    severity: 'error',
    scenario: MAPPING,
    answer: 'Correct the name of the field, or the path in `from`.',
  },
  'no-operations': {
    severity: 'error',
    scenario: 'The system can be declared and not be called.',
    answer: 'Mark its methods with `@operation`, or take it out of the scope.',
  },
  'once-without-probe': {
    severity: 'warning',
    scenario: 'If its reply is lost, the run stops as unknown and waits for a person.',
    answer: 'Declare a `probe`, an undo by key, or make it idempotent by `call.key`.',
  },
  'order-cycle': {
    severity: 'error',
    scenario: 'Each of these systems comes after the others, so none can be used first.',
    answer: 'Take one of the orders out of `after` of the scope, or of `requires` of the system.',
  },
  'order-unknown': {
    severity: 'error',
    scenario: 'The order that was meant is not kept.',
    answer: 'Correct the name in `after`.',
  },
  'pivot-unknown': {
    severity: 'error',
    scenario: 'The point of no return is never passed, so everything is undone until the very end.',
    answer: 'Name an operation that is called, as `system.operation`.',
  },
  'pivot-with-undo': {
    severity: 'warning',
    scenario: 'Once the pivot has happened nothing is undone, so its undo is never called.',
    answer: 'Take its undo out, or choose another pivot.',
  },
  'policy-invalid': {
    severity: 'error',
    scenario: 'The operation fails at its first call.',
    answer: 'Correct what the reason names.',
  },
  'required-missing': {
    severity: 'error',
    scenario: 'The system is used without what it builds on.',
    answer: 'Add the required system to the scope.',
  },
  'undo-mismatch': {
    severity: 'error',
    scenario: 'When the run fails the undo is called with what it cannot use, and what was done stays.',
    answer: 'Make the undo take the output, or give its input with `undo: { operation, from }`.',
  },
  'undo-missing-before-pivot': {
    severity: 'warning',
    scenario: 'It happens, the pivot does not, and what it did stays.',
    answer: 'Declare an `undo`, or see to it that it comes after the pivot: by `after`, or by a reference to the node of the pivot.',
  },
  'undo-unknown': {
    severity: 'error',
    scenario: 'What the operation relies on in a bad moment is not there.',
    answer: 'Name a method of the same system; an undo and a fallback are operations, marked with `@operation`.',
  },
  'version-out-of-range': {
    severity: 'error',
    scenario: 'The system understands requests in another way than the command means them.',
    answer: 'Take a version of the system in the range, or correct the range in `versions` of the scope.',
  },
} as const satisfies Readonly<Record<string, RiskEntry>>;

export type RiskCode = keyof typeof RISKS;

export interface Risk extends RiskEntry {
  readonly code: RiskCode;
  /** What it is about: a system, `system.operation`, a node, `node.field` or a constraint. */
  readonly subject: string;
  /** What was found. */
  readonly reason: string;
}

export function risk(code: RiskCode, subject: string, reason: string): Risk {
  return { code, subject, reason, ...RISKS[code] };
}
