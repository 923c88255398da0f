/**
 * What holds of every step from what a Node held to what it holds then, whoever sent what led to it: the rules for chains,
 * announcements and bundles (docs/chain.md), said once more, of where a Node comes to stand and not of how it finds the
 * way. None of the product's own rules is asked.
 */
import crypto from 'node:crypto';
import { PLATFORM } from '@plexsphere/wire';
import type { ChainAnchor, TrustAnchor } from '@plexsphere/wire/jws';
import type { TrustState } from '../../src/trust/trust-state';
import { Violation } from './checks';
import type { Message } from './model-node';
import { isPart, shownAnnouncement, shownChain, type ShownBundle, type ShownStatement } from './shown';

export interface Step {
  before: TrustState;
  after: TrustState;
  message: Message;
  /** The chain's parts before it. */
  parts: readonly Message[];
  /** `ring`: only the own ring's part of a chain. */
  refused: 'all' | 'ring' | 'nothing';
  now: Date;
}

/** Public text of the key that was active in the true platform ring at an epoch. */
export type ActiveAt = (epoch: number) => string | undefined;

const STALE_MS = 300_000;

export function requireLawful(step: Step, truePlatform: ActiveAt): void {
  const { before, after, message } = step;
  if (step.refused === 'all' || isPart(message))
    return law('what is refused, or is a part, changes nothing', before === after);
  const isEvent = message.kind === 'event';
  const shown = isEvent ? announced(step) : inChain(step);
  const recoveryKeys = recoveryKeysAfter(before.recoveryPublicKey, shown.platform);
  law('a recovery key follows the one that is held', recoveryKeys.includes(after.recoveryPublicKey));
  const { platform } = after;
  const theirs = wayOf(shown.platform, before.platform, platform, () => recoveryKeys);
  if (after.scope === PLATFORM)
    return law('a Node of platform has one ring', after === before || after.ring === platform);
  const sinceThen = [{ epoch: before.platform.headEpoch, key: activeOf(before.platform) }, ...theirs.map(namedActive)];
  wayOf(shown.own, before.ring, after.ring, ({ authority_epoch: at }) => [
    truePlatform(at ?? 0),
    sinceThen.findLast(({ epoch, key }) => key !== undefined && epoch <= (at ?? 0))?.key,
  ]);
}

interface Shown {
  platform: readonly ShownStatement[];
  own: readonly ShownStatement[];
}

/** By the active key alone, and of one statement. */
function announced({ before, after, message }: Step): Shown {
  const { type, keyId, statement } = shownAnnouncement(message.text);
  const isNews = before.ring !== after.ring || before.platform !== after.platform;
  if (!isNews || statement === undefined) {
    law('an event that announces nothing changes nothing', !isNews);
    return { platform: [], own: [] };
  }
  law('the active key alone announces', keyId === before.ring.activeKeyId);
  const needsBundle = ['create', 'recommit', 'recovery'].includes(statement.type);
  law('what changes no trust is told with a bundle', !needsBundle);
  const isOwn = type === 'signing_key_rotated' && after.scope !== PLATFORM;
  return isOwn ? { platform: [], own: [statement] } : { platform: [statement], own: [] };
}

function inChain({ after, message, parts, refused, now }: Step): Shown {
  const chains = [...parts, message].map(({ text }) => shownChain(text));
  const platform = chains.flatMap((chain) => chain.platform);
  const own = refused === 'ring' ? [] : chains.flatMap((chain) => chain.own);
  const bundle = chains.at(-1)!.bundle!;
  const ageMs = now.getTime() - Date.parse(bundle.issued_at);
  law('a bundle is of these five minutes', Math.abs(ageMs) <= STALE_MS);
  const isByActive = bundle.signature.keyId === after.platform.activeKeyId;
  law("a bundle is by the platform's active key", isByActive && bundle.signature.isBy(activeOf(after.platform)));
  law('a bundle is of the scope of the Node', bundle.scope === after.scope);
  law('a bundle names the recovery key', bundle.recovery_public_key === after.recoveryPublicKey);
  saysWhatIsHeld(bundle, bundle.platform, after.platform);
  if (refused === 'nothing') saysWhatIsHeld(bundle, bundle, after.ring);
  const last = chains.at(-1)!;
  leadsThere(after.platform, last.platform, platform);
  if (after.scope !== PLATFORM && refused === 'nothing') leadsThere(after.ring, last.own, own);
  return { platform, own };
}

/** Whoever takes a bundle holds what it says. */
function saysWhatIsHeld({ issued_at }: ShownBundle, said: TrustAnchor, held: ChainAnchor): void {
  const named = said.keys.map(({ key_id, public_key }) => `${key_id} ${public_key}`);
  const staged = held.keys.find(({ keyId }) => keyId === held.stagedKeyId);
  const isOver = staged?.notAfter !== undefined && staged.notAfter <= new Date(issued_at);
  law('a bundle names the head', said.statement_hash === held.statementHash);
  law('a bundle names what the head commits to', said.next === held.next);
  law('a bundle names the active key', said.active_key_id === held.activeKeyId);
  law(
    'a bundle names the staged key',
    said.staged_key_id === held.stagedKeyId || (isOver && said.staged_key_id === null),
  );
  for (const key of held.keys) {
    const isNamed = named.includes(`${key.keyId} ${key.publicKey.text}`);
    law('a bundle names all that is held', isNamed || (key === staged && isOver));
  }
}

/** A chain that is taken holds nothing that is passed over, but recoveries of whatever time. */
function leadsThere(
  { statementHash }: ChainAnchor,
  last: readonly ShownStatement[],
  all: readonly ShownStatement[],
): void {
  const way = back(statementHash, all).map(({ hash }) => hash);
  law(
    'what is shown leads to the head',
    last.every(({ hash, type }) => type === 'recovery' || way.includes(hash)),
  );
}

/** Statements oldest first, the last of which is this one; as far back as they are shown, or to the one that follows `to`. */
function back(from: string, shown: readonly ShownStatement[], to?: string): ShownStatement[] {
  const way: ShownStatement[] = [];
  for (let hash: string | null = from; hash !== to; hash = way[0]!.previous) {
    const link = shown.find((each) => each.hash === hash);
    if (link === undefined || way.includes(link)) break;
    way.unshift(link);
  }
  return way;
}

/** That of before, and each that follows it. */
function recoveryKeysAfter(held: string, shown: readonly ShownStatement[]): string[] {
  return shown.reduce(
    (keys, { type, old_public_key, new_public_key, authority, possession }) => {
      const follows = type === 'recovery' && old_public_key === keys.at(-1);
      const isSigned = follows && authority.isBy(old_public_key!) && possession?.isBy(new_public_key);
      return isSigned ? [...keys, new_public_key] : keys;
    },
    [held],
  );
}

type SuperiorKeys = (statement: ShownStatement) => readonly (string | undefined)[];

/** The statements by which a ring's anchor came from one to the other, and what holds of each of them. */
function wayOf(
  shown: readonly ShownStatement[],
  from: ChainAnchor,
  to: ChainAnchor,
  superiorKeys: SuperiorKeys,
): ShownStatement[] {
  const isSuperiors = (link: ShownStatement): boolean =>
    superiorKeys(link).some((key) => key !== undefined && link.authority.isBy(key));
  const replaces = (link: ShownStatement): boolean =>
    (link.type === 'revoke' || link.type === 'rollback') && isSuperiors(link);
  const way = back(to.statementHash, shown, from.statementHash);
  const continues = (way[0]?.previous ?? to.statementHash) === from.statementHash;
  const begin = continues ? 0 : way.findLastIndex(replaces);
  law('a head follows the one that is held, or a superior puts it in its place', begin !== -1);
  const taken = way.slice(begin);
  let held: Held = { keys: endsOf(from), active: activeOf(from), next: from.next, epoch: from.headEpoch };
  for (const [at, link] of taken.entries()) {
    if (at > 0 || continues) follows(link, held, isSuperiors(link));
    const isConsented = link.possession === undefined || link.possession.isBy(link.new_public_key);
    law('who signs beside the authority is the key that comes in', isConsented);
    held = after(link, held);
  }
  law('the active key is the one that the statements say', activeOf(to) === held.active);
  law('the head commits to what its statement says', to.next === held.next);
  const isLeft = ([key, end]: [string, number | undefined]): boolean =>
    held.keys.has(key) && held.keys.get(key) === end;
  const isLater = from.issuedAt === undefined || to.issuedAt! >= from.issuedAt || way.length > 0;
  law('of two bundles for one head the later stands', isLater);
  law('no key is held, and none longer, than the statements leave', [...endsOf(to)].every(isLeft));
  return taken;
}

interface Held {
  /** Public texts, and when each ends. */
  keys: ReadonlyMap<string, number | undefined>;
  active: string;
  next: string | null;
  epoch: number;
}

function follows(link: ShownStatement, held: Held, isSuperiors: boolean): void {
  const { type, new_public_key, next, epoch, authority, possession } = link;
  const isOwn = type === 'rotate' || type === 'stage' || type === 'unstage';
  const mayBeOwn = isOwn || (type === 'rollback' && link.scope === PLATFORM);
  law('the active key vouches, or the superior', (mayBeOwn && authority.isBy(held.active)) || (!isOwn && isSuperiors));
  const comesBack = type === 'rollback' && !held.keys.has(new_public_key);
  law('a key that was dropped comes back by the superior alone', isSuperiors || !comesBack);
  law('an epoch rises', epoch > held.epoch);
  const brings = isOwn && !held.keys.has(new_public_key);
  const isAnew = type === 'revoke' || type === 'recommit' || brings;
  law('who comes in has signed', !brings || possession !== undefined);
  law('who comes in by the own authority was committed to', !brings || hashOf(new_public_key) === held.next);
  law('what is committed to is kept, or made anew', (next !== held.next) === isAnew);
}

/** A statement of a mesh scope fixes the whole set that is trusted after it. */
function after(link: ShownStatement, held: Held): Held {
  const { type, old_public_key: old, new_public_key, next, epoch, transition_expires } = link;
  const head = { next, epoch };
  if (type === 'recovery' || type === 'recommit') return { ...held, ...head };
  const [active, other] = type === 'stage' ? [old!, new_public_key] : [new_public_key, old!];
  const isPair = type === 'rotate' || type === 'rollback' || type === 'stage';
  const beside: [string, number][] = isPair ? [[other, Date.parse(transition_expires!)]] : [];
  return { ...head, active, keys: new Map([[active, undefined], ...beside]) };
}

const namedActive = ({ type, epoch, old_public_key, new_public_key }: ShownStatement) => ({
  epoch,
  key: type === 'recovery' ? undefined : type === 'stage' ? old_public_key! : new_public_key,
});

const endsOf = ({ keys }: ChainAnchor): Map<string, number | undefined> =>
  new Map(keys.map(({ publicKey, notAfter }) => [publicKey.text, notAfter?.getTime()]));

function activeOf(anchor: ChainAnchor): string {
  const active = anchor.keys.find(({ keyId }) => keyId === anchor.activeKeyId);
  if (active === undefined) throw new Violation('an anchor without its active key');
  return active.publicKey.text;
}

const hashOf = (publicKey: string): string =>
  crypto.createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('base64url');

function law(name: string, holds: boolean): void {
  if (!holds) throw new Violation(`against the law that ${name}`);
}
