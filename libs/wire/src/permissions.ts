import { idOf, inboxOf, inboxPrefix, type BusUser } from './inbox';
import { OWN, TRAFFIC, matches, type Traffic } from './traffic';

/**
 * What each kind of bus credential may do, and nothing beside it, as the table of traffic says. Everyone hears only their
 * own inbox; those who answer may publish to the inboxes of the kinds that may ask them, nobody else to any inbox.
 * (`allow_responses` would let a responder publish to whatever subject an asker names.) No Node and no operator has a
 * right under $JS, $KV or $SYS: one that may create a consumer can make the server publish anywhere.
 */
export interface BusPermissions {
  publish: string[];
  subscribe: string[];
}

export function busPermissions(user: BusUser): BusPermissions {
  const named = (subject: string): string => subject.replace(OWN, idOf(user) ?? '*');
  const said = TRAFFIC.filter(({ speakers }) => speakers.includes(user.kind));
  const hasNodeKey = user.kind === 'node' && user.hasNodeKey === true;
  const heard = TRAFFIC.filter(
    ({ listeners, ofNodeKeys = false }) => listeners.includes(user.kind) && (!ofNodeKeys || hasNodeKey),
  );
  return {
    publish: distinct([...said.map(({ subject }) => named(subject)), ...answers(heard)]),
    subscribe: distinct([...heard.map(({ subject, heardAs }) => named(heardAs ?? subject)), `${inboxPrefix(user)}.>`]),
  };
}

const answers = (heard: readonly Traffic[]): string[] =>
  heard.flatMap(({ answered, speakers }) => (answered ? speakers.map((kind) => `${inboxOf(kind)}.>`) : []));

/** Without what another pattern covers. */
const distinct = (patterns: string[]): string[] =>
  [...new Set(patterns)].filter((one) => !patterns.some((other) => other !== one && matches(other, one)));

export const ACCOUNT_PUSHER_INBOX = '_INBOX.account-pusher';

/** What rotation asks and hears of the one mesh account, by its second connection, in the system account. */
export const accountSubjects = (accountPublicKey: string) =>
  ({
    lookUp: `$SYS.REQ.ACCOUNT.${accountPublicKey}.CLAIMS.LOOKUP`,
    push: '$SYS.REQ.CLAIMS.UPDATE',
    /** Who is connected now, of each server. */
    connections: `$SYS.REQ.ACCOUNT.${accountPublicKey}.CONNZ`,
    connect: `$SYS.ACCOUNT.${accountPublicKey}.CONNECT`,
    disconnect: `$SYS.ACCOUNT.${accountPublicKey}.DISCONNECT`,
  }) as const;

/**
 * Rotation's second connection: compare the mesh account's JWT with the one in Postgres, push it where the bus has
 * another, and count the connections of each user.
 */
export const accountPusherPermissions = (accountPublicKey: string): BusPermissions => {
  const { lookUp, push, connections, connect, disconnect } = accountSubjects(accountPublicKey);
  return {
    publish: [lookUp, push, connections],
    subscribe: [`${ACCOUNT_PUSHER_INBOX}.>`, connect, disconnect],
  };
};
