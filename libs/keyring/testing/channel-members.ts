/** For specs: members of a channel's ring, each with the facts that a spec does not care about. */
import type { ChannelTerms, Member } from '../src/channel';
import { openChannelRotation, type OpenChannelRotation } from '../src/channel';
import { createRing } from '../src/key-ring';
import { Refusal } from '../src/refusal';
import { scopePolicy } from '../src/scope-policy';

export const CHANNEL = scopePolicy('channel');

/** Minutes after a time that means nothing. */
export const at = (minutes: number): Date => new Date(Date.UTC(2031, 0, 1) + minutes * 60_000);
const minutes = (count: number): number => count * 60_000;

/** An hour of overlap; a sink's target is read anew within ten minutes. */
export const TERMS: ChannelTerms = {
  ...{ overlapWindowMs: minutes(60), propagationDelayMs: minutes(10), bothForMs: minutes(5) },
  ...{ relayLagMs: minutes(1), clockSkewMs: minutes(0.5) },
};

const member = (name: string, role: Member['role'], facts: Partial<Member>): Member => ({
  ...{ nodeId: `id of ${name}`, name, role, isSink: false, heldEpoch: 1, acknowledgedAt: null },
  ...{ proven: new Map(), reportedFrom: null, verifiedAloneByOld: null },
  ...facts,
});

export const sender = (name: string, facts: Partial<Member> = {}): Member => member(name, 'sender', facts);
export const receiver = (name: string, facts: Partial<Member> = {}): Member => member(name, 'receiver', facts);

/** Which keys it proves, since when. */
export const proves = (keys: Record<string, Date>): Pick<Member, 'proven'> => ({
  proven: new Map(Object.entries(keys)),
});

/** The key `old` signs. */
export const FIRST = createRing('channel:acme:app-to-plugin', 'old');
export const BOTH_SIDES = [sender('app-1'), receiver('plugin-1')];

export const opening = (command: Partial<OpenChannelRotation> = {}): OpenChannelRotation => ({
  ...{ newKeyId: 'new', openedAt: at(0), members: BOTH_SIDES, ...TERMS },
  ...command,
});

/** `new` is staged. */
export const STAGED = openChannelRotation(FIRST, null, opening(), CHANNEL);

/** What the domain says no with, the facts beside it too. */
export function refusalOf(decide: () => unknown): Pick<Refusal, 'code' | 'members'> {
  try {
    decide();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { code: error.code, members: error.members };
  }
  throw new Error('it was not refused');
}
