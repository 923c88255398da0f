import {
  accountPusherPermissions,
  busLimits,
  busPermissions,
  type BusLimits,
  type BusPermissions,
  type BusUser,
} from '@plexsphere/wire';
import { busSigner, requirePublicKey } from './bus-key';
import { encode } from './encode';

/**
 * The credential of a service, a Node or an operator: exactly what the contract lets that kind do. Without expiry where
 * none is given: a Node may sleep for months, and removing it revokes the credential.
 * @throws BusJwtError bad_seed, bad_public_key
 */
export const issueUser = (fields: {
  accountSeed: string;
  user: BusUser;
  name: string;
  publicKey: string;
  /** Unix seconds; of several of one key the older can be revoked alone. The clock's where none is given. */
  issuedAt?: number | undefined;
  /** Unix seconds. */
  expiresAt?: number | undefined;
}): string =>
  userJwt({
    ...fields,
    name: shownName(fields.user, fields.name),
    permissions: busPermissions(fields.user),
    limits: busLimits(fields.user),
  });

/**
 * What the bus' own monitoring shows of it. Nothing else is made of a name: subjects and inboxes have the id. People give
 * Nodes and operators any name, a service's or the stream's too, so it says what it is the name of.
 */
const shownName = ({ kind }: BusUser, name: string): string =>
  kind === 'node' || kind === 'operator' ? `${kind}/${name}` : name;

/** Rotation's second credential, in the system account: it compares and pushes the JWT of that one mesh account. */
export const issueAccountPusher = (fields: {
  systemAccountSeed: string;
  accountPublicKey: string;
  publicKey: string;
}): string =>
  userJwt({
    accountSeed: fields.systemAccountSeed,
    name: 'account-pusher',
    publicKey: fields.publicKey,
    permissions: accountPusherPermissions(requirePublicKey('account', fields.accountPublicKey)),
  });

function userJwt(fields: {
  accountSeed: string;
  name: string;
  publicKey: string;
  permissions: BusPermissions;
  limits?: BusLimits;
  issuedAt?: number | undefined;
  expiresAt?: number | undefined;
}): string {
  const { name, issuedAt, expiresAt } = fields;
  const { publish, subscribe } = fields.permissions;
  const nats = { ...limitsOf(fields.limits), pub: allowOnly(publish), sub: allowOnly(subscribe) };
  const subject = requirePublicKey('user', fields.publicKey);
  return encode('user', { name, subject, nats, issuedAt, expiresAt }, busSigner('account', fields.accountSeed));
}

/** `data`, a number of bytes, is looked at by no server up to 2.12; a user without it would have none. -1 is "no limit". */
const limitsOf = (limits: BusLimits = { subscriptions: -1, payloadBytes: -1 }) => ({
  data: -1,
  payload: limits.payloadBytes,
  subs: limits.subscriptions,
});

/** An empty allow list means "everything" to the server. */
const allowOnly = (subjects: string[]): { allow: string[] } | { deny: string[] } =>
  subjects.length === 0 ? { deny: ['>'] } : { allow: subjects };
