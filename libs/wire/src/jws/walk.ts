/**
 * Walks one ring from what a verifier holds to its present head, over the statements of a chain message.
 *
 * - Where they lead on from the verifier's head, or through it, each after that head is taken as `takeLink` takes it.
 * - Where they do not, the verifier stands on a fork: the last revoke or rollback by the superior authority replaces what
 *   it holds. A bundle must then name that statement or what follows it, or nothing of this counts. Of the platform's ring
 *   it must be later than what the recovery key vouched for before: each fork there needs a revoke of its own.
 * - What stands before either is not taken again. Hashes prove it, back from there: each statement names the one before.
 *   It tells which key was active when.
 */
import { publicKeyFromText } from '../algorithms';
import type { TrustedKey } from '../envelope';
import { PLATFORM, type Scope } from '../scope';
import { activeKeyOf, type ChainAnchor } from './anchor';
import { takeLink } from './chain';
import { activeAfter, anchorAfter } from './follow';
import { JwsError } from './jws-error';
import { readLink, verifyLink, type Link, type Voucher } from './statement-signatures';
import { rulesOf } from './statement-types';

export interface Walk {
  readonly scope: Scope;
  /** What the verifier holds, and where the statements have led. */
  readonly from: ChainAnchor;
  readonly anchor: ChainAnchor;
  readonly isReplaced: boolean;
  /** Of `platform`: public text of the recovery key, which `recovery` statements change. */
  readonly recoveryKey: string | null;
  /** Which key was active since which epoch, oldest first, as far as that is proven. */
  readonly activeSince: readonly { epoch: number; key: TrustedKey }[];
  /** Read, and proven by nothing yet: a later part of the chain may do that. */
  readonly loose: readonly Link[];
}

/** The superior's key for a statement, as far as it is known by now. */
export type Superior = (walk: Walk, link: Link) => Voucher | undefined;

/** What a verifier keeps in memory for a later part: sixteen messages. */
const MOST_LOOSE = 4_096;

export const beginWalk = (scope: Scope, from: ChainAnchor, recoveryKey: string | null): Walk => ({
  ...{ scope, from, anchor: from, isReplaced: false, recoveryKey, loose: [] },
  activeSince: [{ epoch: from.headEpoch, key: activeKeyOf(from) }],
});

/** Over the statements of one more part, oldest first. Throws JwsError. */
export function walkOn(walk: Walk, texts: readonly string[], superior: Superior): Walk {
  const links = [...walk.loose, ...texts.map(readLink)];
  if (links.some(({ statement }) => statement.scope !== walk.scope)) throw new JwsError('wrong_scope');
  const { apart, run } = splitRun(links);
  const start = takeRecoveries({ ...walk, loose: [] }, apart);
  const taken = run.findIndex(({ hash }) => hash === walk.anchor.statementHash) + 1;
  if (taken > 0 || run[0]?.statement.previous === walk.anchor.statementHash) {
    return takeAll(knowing(start, run.slice(0, taken)), run.slice(taken), superior);
  }
  return replaceAnchor(start, run, superior) ?? loosely(start, run);
}

/** The whole has led to its anchor. Throws JwsError where something is left that nothing proves. */
export function requireProven({ anchor, loose }: Walk): void {
  const [first] = loose;
  if (first !== undefined) throw new JwsError(first.statement.epoch > anchor.headEpoch ? 'gap' : 'fork');
}

/** The key that was active at an epoch; undefined where the walk does not know. */
export const activeAt = ({ activeSince }: Walk, epoch: number): TrustedKey | undefined =>
  activeSince.findLast((each) => each.epoch <= epoch)?.key;

/** The statements that follow each other to the end; before them may stand recoveries alone, of whatever time. */
function splitRun(links: readonly Link[]): { apart: readonly Link[]; run: readonly Link[] } {
  const lastBreak = links.findLastIndex(({ statement }, at) => at > 0 && statement.previous !== links[at - 1]?.hash);
  const begin = Math.max(0, lastBreak);
  const apart = links.slice(0, begin);
  if (!apart.every(isRecovery)) throw new JwsError('gap');
  return { apart, run: links.slice(begin) };
}

function takeAll(walk: Walk, links: readonly Link[], superior: Superior): Walk {
  // One list that grows, and a walk for those alone who look at it: a copy of either for each link would cost more than all
  // else that is done about it.
  const activeSince = [...walk.activeSince];
  let { anchor, recoveryKey } = walk;
  for (const link of links) {
    const superiorThen = () => superior({ ...walk, anchor, recoveryKey, activeSince }, link);
    anchor = takeLink(walk.scope, anchor, link, superiorThen);
    activeSince.push(...namedBy(link));
    if (isRecovery(link)) recoveryKey = link.statement.new_public_key;
  }
  return { ...walk, anchor, recoveryKey, activeSince };
}

/** The last that can, and what follows it; undefined where none can. */
function replaceAnchor(walk: Walk, run: readonly Link[], superior: Superior): Walk | undefined {
  for (const [back, link] of [...run].reverse().entries()) {
    if (!rulesOf(link.statement.type).replaces || isOld(walk, link)) continue;
    const before = run.slice(0, run.length - 1 - back);
    const start = takeRecoveries(walk, before.filter(isRecovery));
    if (!isVouchedFor(link, superior(start, link))) continue;
    const anchor = anchorAfter(link.statement, link.hash, 'superior', walk.anchor);
    // Of whatever the verifier followed until now, nothing says any more which key was active when.
    const replaced = { ...start, anchor, isReplaced: true, activeSince: [...before, link].flatMap(namedBy) };
    return takeAll(replaced, run.slice(run.length - back), superior);
  }
  return undefined;
}

/**
 * Shown again, a revoke that was taken would set the ring back to when the key that it brought was active: whoever stole
 * that one since, however retired, has a bundle for it. Of `platform` alone: what the recovery key vouches for no thief can
 * say is later. Every other ring's superior may be a thief's for a while, and so may the epoch that it names.
 */
const isOld = ({ scope, from }: Walk, { statement }: Link): boolean =>
  scope === PLATFORM && statement.epoch <= from.superiorEpoch;

function isVouchedFor(link: Link, superior: Voucher | undefined): boolean {
  if (superior === undefined) return false;
  try {
    verifyLink(link, superior);
    return true;
  } catch (error) {
    if (error instanceof JwsError) return false;
    throw error;
  }
}

/** Each whose old key is the one that is held then; the others are of before, or of a time that is not reached. */
const takeRecoveries = (walk: Walk, links: readonly Link[]): Walk =>
  links.reduce((before, link) => {
    if (link.statement.old_public_key !== before.recoveryKey) return before;
    verifyLink(link, { publicKey: publicKeyFromText(before.recoveryKey) });
    return { ...before, recoveryKey: link.statement.new_public_key };
  }, walk);

/** With what the links say that stand before the verifier's head. */
function knowing(walk: Walk, links: readonly Link[]): Walk {
  const since = walk.activeSince[0]?.epoch ?? 0;
  const older = links.flatMap(namedBy).filter(({ epoch }) => epoch < since);
  return { ...walk, activeSince: [...older, ...walk.activeSince] };
}

function loosely(walk: Walk, run: readonly Link[]): Walk {
  if (run.length > MOST_LOOSE) throw new JwsError('gap');
  return { ...walk, loose: run };
}

const isRecovery = ({ statement }: Link): boolean => statement.type === 'recovery';

function namedBy({ statement }: Link): { epoch: number; key: TrustedKey }[] {
  const key = activeAfter(statement);
  return key === undefined ? [] : [{ epoch: statement.epoch, key }];
}
