import { CODES, PROBLEMS } from '@plexsphere/wire';
import type { PlanChangeReply } from '@plexsphere/wire/commands';
import { Failure } from '../../failure';
import { hintFor } from '../../hints';
import { labelled, named, plural, type Line } from '../../layout';
import { utc, type Result } from '../../render';

/** What a change would do, to be read before it is decided. Exit code 1 where the command itself would be refused. */
export function changePlan(plan: PlanChangeReply, asked: { keyId?: string | undefined } = {}): Result {
  const { scope, blocked_by: blockedBy } = plan;
  const result = { text: changeLines(plan, asked).join('\n'), document: plan };
  const [first] = blockedBy;
  return first === undefined
    ? result
    : { ...result, failure: new Failure(1, 'would be refused', { blocked_by: blockedBy }, hintFor(first, scope)) };
}

/** @throws Failure in the words in which the command itself would be refused: then there is nothing to decide */
export function refusePlanned({ scope, blocked_by: blockedBy }: PlanChangeReply): void {
  const [first] = blockedBy;
  if (first === undefined) return;
  const code = Object.values(PROBLEMS).find(({ detail }) => detail === first)?.code ?? 'FAILED_PRECONDITION';
  throw new Failure(
    CODES[code].exitCode,
    first,
    { code, ...(blockedBy.length > 1 ? { blocked_by: blockedBy } : {}) },
    hintFor(first, scope),
  );
}

export const changeLines = (plan: PlanChangeReply, { keyId }: { keyId?: string | undefined } = {}): string[] =>
  labelled([
    { label: `would ${plan.change}`, text: keyId === undefined ? plan.scope : `${keyId} of ${plan.scope}` },
    { label: 'signs now', text: plan.active_key_id ?? 'no key' },
    ...signsThen(plan),
    ...(plan.gone.length === 0 ? [] : [{ label: 'goes', text: goesText(plan) }]),
    ...besideLines(plan),
    ...(plan.ends_rotation ? [{ label: 'rotation', text: `the open one ends: ${ENDED[plan.change] ?? 'ended'}` }] : []),
    ...toldLines(plan),
    ...failsLines(plan),
    ...(plan.needs_recovery_key ? [{ label: 'needs', text: 'the recovery key: --recovery-key <file>' }] : []),
    { label: 'blocked by', text: plan.blocked_by.length === 0 ? 'nothing' : plan.blocked_by.join(', ') },
  ]);

type Change = PlanChangeReply['change'];
const ENDED: Partial<Record<Change, string>> = { rollback: 'rolled_back', revoke: 'revoked' };
/** Whoever trusts a key less after it, is told of another head; the rest of a change nobody waits for. */
const THROWS_OUT: readonly Change[] = ['revoke'];

function signsThen({
  signs_afterwards: keyId,
  active_key_id: now,
  makes_key: isNew,
  change,
  signers,
}: PlanChangeReply): Line[] {
  if (keyId === null) return [];
  const taken = signers.length === 0 ? 'and no signer is there' : `${named(signers)} would try it first`;
  if (keyId === now) return [{ label: 'signs then', text: `${keyId}, as now` }];
  return [
    { label: 'signs then', text: `${keyId}${isNew ? ', a new key' : ', which Nodes hold already'}; ${taken}` },
  ].concat(change === 'rollback' ? [{ label: '', text: `${now ?? 'the new key'} signs no more` }] : []);
}

const goesText = ({ gone, change }: PlanChangeReply): string =>
  THROWS_OUT.includes(change)
    ? `${named(gone)}: at once and for good; nothing that ${gone.length === 1 ? 'it' : 'they'} signed verifies any more`
    : `${named(gone)}: it never signed`;

/** The key beside the one that signs, and until when. */
function besideLines({ change, transition_expires: expires, active_key_id: now }: PlanChangeReply): Line[] {
  if (expires === null) return [];
  const until = utc(expires);
  return change === 'stage'
    ? [{ label: 'verifies', text: `the new key too, from now on; a Node that hears nothing more drops it at ${until}` }]
    : [
        {
          label: 'verifies',
          text: `${now ?? 'the new key'} what it has signed, until ${until}; no other key comes in before`,
        },
      ];
}

type Told = Pick<PlanChangeReply, 'nodes' | 'pending_count' | 'offline_count'>;

const toldLines = (plan: PlanChangeReply): Line[] => [
  { label: 'nodes', text: told(plan) },
  ...(plan.domain_nodes === undefined ? [] : [{ label: 'domains', text: `of all Domains ${told(plan.domain_nodes)}` }]),
];

function told({ nodes, pending_count: pending, offline_count: offline }: Told): string {
  const away = pending + offline;
  if (nodes === 0) return 'none is enrolled';
  const all = `${plural(nodes, 'Node')} to be told`;
  return away === 0
    ? `${all}, all of them there: within seconds`
    : `${all}; away: ${pending} pending, ${offline} offline`;
}

/** What a revocation breaks, and for how long: that is what it costs. */
function failsLines(plan: PlanChangeReply): Line[] {
  const { change, signs_afterwards: stays, active_key_id: now, domain_nodes: others } = plan;
  if (!THROWS_OUT.includes(change) || stays === null) return [];
  const away = [plan, others ?? { pending_count: 0, offline_count: 0 }].reduce(
    (sum, { pending_count, offline_count }) => sum + pending_count + offline_count,
    0,
  );
  return [
    ...(stays === now
      ? []
      : [{ label: 'fails', text: `signing, until a signer has ${stays}: seconds, a lease at the most` }]),
    {
      label: stays === now ? 'fails' : '',
      text: `what ${named(plan.gone)} signed and Nodes have not taken yet; what is ours is signed anew and sent again`,
    },
    ...(away === 0
      ? []
      : [
          {
            label: '',
            text: `${plural(away, 'Node')} away: goes on trusting ${named(plan.gone)} until it hears of this, on its return`,
          },
        ]),
  ];
}
