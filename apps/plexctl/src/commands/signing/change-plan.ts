import { CODES, PROBLEMS, channelOf, issuerSlug } from '@plexsphere/wire';
import type { PlanChangeReply } from '@plexsphere/wire/commands';
import { Failure } from '../../failure';
import { hintFor } from '../../hints';
import { labelled, named, plural, type Line } from '../../layout';
import { utc, type Result } from '../../render';
import { knownLines, rolledBackText } from './key-lines';

/** The key, and the file of the recovery key, as far as the command names them. */
interface AskedFor {
  keyId?: string | undefined;
  recoveryKey?: string | undefined;
}

/** What a change would do, to be read before it is decided. Exit code 1 where the command itself would be refused. */
export function changePlan(plan: PlanChangeReply, asked: AskedFor = {}): Result {
  const { scope, blocked_by: blockedBy } = plan;
  const result = { text: changeLines(plan, asked).join('\n'), document: plan };
  const [first] = blockedBy;
  if (first === undefined) return result;
  const members = { ...membersOf(plan, first), blocked_by: blockedBy };
  return { ...result, failure: new Failure(1, 'would be refused', members, hintFor(first, scope)) };
}

/** @throws Failure in the words in which the command itself would be refused: then there is nothing to decide */
export function refusePlanned(plan: PlanChangeReply): void {
  const { scope, blocked_by: blockedBy } = plan;
  const [first] = blockedBy;
  if (first === undefined) return;
  const code = Object.values(PROBLEMS).find(({ detail }) => detail === first)?.code ?? 'FAILED_PRECONDITION';
  const members = { ...membersOf(plan, first), code, ...(blockedBy.length > 1 ? { blocked_by: blockedBy } : {}) };
  throw new Failure(CODES[code].exitCode, first, members, hintFor(first, scope));
}

/** What that refusal speaks of: which key, until when. */
function membersOf({ refused }: PlanChangeReply, detail: string): Record<string, unknown> {
  if (refused?.detail !== detail) return {};
  return Object.fromEntries(Object.entries(refused).filter(([name]) => name !== 'code' && name !== 'detail'));
}

export const changeLines = (plan: PlanChangeReply, { keyId, recoveryKey }: AskedFor = {}): string[] =>
  labelled([
    { label: `would ${plan.change}`, text: keyId === undefined ? plan.scope : `${keyId} of ${plan.scope}` },
    { label: 'signs now', text: plan.active_key_id ?? 'no key' },
    ...doneLines(plan, keyId),
    ...(plan.change === 'recommit'
      ? [{ label: 'changes', text: 'the key ahead alone, which no Node trusts yet' }]
      : []),
    ...signsThen(plan),
    ...knownLines(plan.known_by),
    ...(plan.gone.length === 0 ? [] : [{ label: 'goes', text: goesText(plan) }]),
    ...besideLines(plan),
    ...(plan.ends_rotation ? [{ label: 'rotation', text: `the open one ends: ${ENDED[plan.change] ?? 'ended'}` }] : []),
    ...(plan.done_at === null ? toldLines(plan) : []),
    ...failsLines(plan),
    ...(plan.needs_recovery_key
      ? [{ label: 'needs', text: `the recovery key: ${recoveryKey ?? '--recovery-key <file>'}` }]
      : []),
    { label: 'blocked by', text: plan.blocked_by.length === 0 ? 'nothing' : plan.blocked_by.join(', ') },
  ]);

type Change = PlanChangeReply['change'];
const ENDED: Partial<Record<Change, string>> = { rollback: 'rolled_back', revoke: 'revoked' };
/** Whoever trusts a key less after it, is told of another head; the rest of a change nobody waits for. */
const THROWS_OUT: readonly Change[] = ['revoke'];

const doneLines = ({ done_at: doneAt }: PlanChangeReply, keyId = 'it'): Line[] =>
  doneAt === null
    ? []
    : [
        {
          label: 'changes',
          text: `nothing: ${keyId} was revoked at ${utc(doneAt)}; it is answered again as it was then`,
        },
      ];

function signsThen({
  scope,
  signs_afterwards: keyId,
  active_key_id: now,
  makes_key: isNew,
  change,
  signers,
}: PlanChangeReply): Line[] {
  if (keyId === null) return [];
  const taken = signers.length === 0 ? 'and no signer is there' : `${named(signers)} would try it first`;
  if (keyId === now) return [{ label: 'signs then', text: `${keyId}, as now` }];
  const held =
    issuerSlug(scope) !== undefined
      ? 'which is published already'
      : channelOf(scope) === undefined
        ? 'which Nodes hold already'
        : 'which members hold already';
  return [{ label: 'signs then', text: `${keyId}, ${isNew ? 'a new key' : held}; ${taken}` }].concat(
    change === 'rollback' ? [{ label: '', text: `${now ?? 'the new key'} signs no more` }] : [],
  );
}

const goesText = ({ gone, change }: PlanChangeReply): string =>
  THROWS_OUT.includes(change)
    ? `${named(gone)}: at once and for good; nothing that ${gone.length === 1 ? 'it' : 'they'} signed verifies any more`
    : `${named(gone)}: it never signed`;

/** The key beside the one that signs, and until when. */
function besideLines({ scope, change, transition_expires: expires, active_key_id: now }: PlanChangeReply): Line[] {
  if (expires === null) return [];
  const until = utc(expires);
  return change === 'stage'
    ? [{ label: 'verifies', text: `the new key too, from now on; a Node that hears nothing more drops it at ${until}` }]
    : [
        {
          label: 'verifies',
          text: `${now ?? 'the new key'} what it has signed, until ${until}${rolledBackText(scope)}`,
        },
      ];
}

type Told = Pick<PlanChangeReply, 'nodes' | 'pending_count' | 'offline_count'>;

const toldLines = (plan: PlanChangeReply): Line[] => [
  channelOf(plan.scope) === undefined
    ? { label: 'nodes', text: told(plan) }
    : { label: 'members', text: told(plan, 'member') },
  ...(plan.domain_nodes === undefined ? [] : [{ label: 'domains', text: `of all Domains ${told(plan.domain_nodes)}` }]),
];

function told({ nodes, pending_count: pending, offline_count: offline }: Told, noun = 'Node'): string {
  const away = pending + offline;
  if (nodes === 0) return 'none is enrolled';
  const all = `${plural(nodes, noun)} to be told`;
  return away === 0
    ? `${all}, all of them there: within seconds`
    : `${all}; away: ${pending} pending, ${offline} offline`;
}

/** What a revocation breaks, and until when: that is what it costs. */
function failsLines(plan: PlanChangeReply): Line[] {
  const { change, signs_afterwards: stays, signs_again_by: by } = plan;
  if (!THROWS_OUT.includes(change) || stays === null) return [];
  const isChannel = channelOf(plan.scope) !== undefined;
  const { without_proof: unproven = [] } = plan;
  const texts = [
    ...(by === null || isChannel
      ? []
      : [`signing, until a signer has ${stays}: within seconds; were it done now, by ${utc(by)} at the latest`]),
    ...(isChannel && stays !== plan.active_key_id
      ? [`signing, until each member that signs has heard of ${stays}`]
      : []),
    ...(unproven.length > 0 ? [`what ${stays} signs is refused by ${named(unproven)}, until it is held there`] : []),
    `what ${named(plan.gone)} signed, for good; ${signedText(plan)}`,
    ...awayTexts(plan),
  ];
  return texts.map((text, index) => ({ label: index === 0 ? 'fails' : '', text }));
}

/** What becomes of it: events go out again by themselves, a token is for its client to ask for. */
const signedText = ({ scope }: PlanChangeReply): string =>
  issuerSlug(scope) === undefined
    ? channelOf(scope) === undefined
      ? 'what of it is ours and Nodes have not taken is signed anew and sent again'
      : 'a retry that is signed again when it is sent goes through'
    : 'clients ask for new tokens; a verifier that keeps its key set takes the old ones until it asks again';

/** Who is away hears of nothing: what it goes on trusting, and until when. */
function awayTexts({ gone, dropped_by: droppedBy, domain_nodes: others, ...plan }: PlanChangeReply): string[] {
  const away = [plan, ...(others === undefined ? [] : [others])].reduce(
    (sum, { pending_count, offline_count }) => sum + pending_count + offline_count,
    0,
  );
  if (away === 0) return [];
  const who = away === 1 ? '1 Node away goes' : `${away} Nodes away go`;
  const end = away === 1 ? 'it is back' : 'they are back';
  return [`${who} on trusting ${named(gone)} until ${end}${droppedBy === null ? '' : `, or until ${utc(droppedBy)}`}`];
}
