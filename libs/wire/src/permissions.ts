import { EVENT_STREAM, subjects } from './subjects';

/**
 * What each kind of bus credential may do, and nothing beside it. Everyone hears only their own inbox; those who answer
 * may publish to the one reply subject of a request that reached them (`responds`), nobody else to any inbox.
 * No Node and no operator has a right under $JS, $KV or $SYS: one that may create a consumer can make the server
 * publish anywhere.
 */
export interface BusPermissions {
  publish: string[];
  subscribe: string[];
  responds: boolean;
}

export type BusUser =
  | { kind: 'node'; id: string }
  | { kind: 'operator'; id: string }
  | { kind: 'rotation' }
  | { kind: 'signer' }
  | { kind: 'outbox-relay' };

/** Every connection is made with this inbox prefix: the default one is closed to everybody. */
export const inboxPrefix = (user: BusUser): string => `_INBOX.${'id' in user ? `${user.kind}-${user.id}` : user.kind}`;

export function busPermissions(user: BusUser): BusPermissions {
  const inbox = `${inboxPrefix(user)}.>`;
  switch (user.kind) {
    case 'node':
      return {
        publish: [subjects.nodeHello(user.id), subjects.nodeAck(user.id)],
        subscribe: [subjects.nodeEvents(user.id), inbox],
        responds: false,
      };
    case 'operator':
      return { publish: [`cmd.${user.id}.>`], subscribe: [inbox], responds: false };
    case 'rotation':
      return {
        publish: [
          'signer.any.*',
          subjects.scopeSigner('*', 'generate-key'),
          subjects.scopeSigner('*', 'sign-jws'),
          subjects.scopeSigner('*', 'verify'),
          subjects.scopeSigner('*', 'sign-bundle'),
          subjects.thatSigner('*', 'load-key'),
          subjects.ringChanged,
          subjects.outboxChanged,
        ],
        subscribe: ['cmd.>', subjects.renewLease, inbox],
        responds: true,
      };
    case 'signer':
      return {
        publish: [subjects.renewLease],
        subscribe: ['signer.any.*', 'signer.scope.*.*', 'signer.at.*.*', subjects.ringChanged, inbox],
        responds: true,
      };
    case 'outbox-relay':
      return {
        publish: [
          subjects.eventsOut('*'),
          subjects.scopeSigner('*', 'sign-envelope'),
          subjects.scopeSigner('*', 'announce'),
          subjects.scopeSigner('*', 'sign-ready'),
          subjects.scopeSigner('*', 'sign-bundle'),
          `$JS.API.STREAM.CREATE.${EVENT_STREAM.name}`,
          `$JS.API.STREAM.INFO.${EVENT_STREAM.name}`,
          `$JS.API.STREAM.MSG.GET.${EVENT_STREAM.name}`,
        ],
        subscribe: [
          subjects.nodeHello('*'),
          subjects.nodeAck('*'),
          subjects.outboxChanged,
          subjects.ringChanged,
          inbox,
        ],
        responds: false,
      };
  }
}

export const ACCOUNT_PUSHER_INBOX = '_INBOX.account-pusher';

/**
 * Rotation's second connection, in the system account: compare the mesh account's JWT with the one in Postgres and push
 * it where the bus has another.
 */
export const accountPusherPermissions = (accountPublicKey: string): BusPermissions => ({
  publish: [`$SYS.REQ.ACCOUNT.${accountPublicKey}.CLAIMS.LOOKUP`, '$SYS.REQ.CLAIMS.UPDATE'],
  subscribe: [`${ACCOUNT_PUSHER_INBOX}.>`],
  responds: false,
});
