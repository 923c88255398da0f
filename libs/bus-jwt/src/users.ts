import { encodeUser } from '@nats-io/jwt';
import {
  accountPusherPermissions,
  busLimits,
  busPermissions,
  type BusLimits,
  type BusPermissions,
  type BusUser,
} from '@plexsphere/wire';
import { requirePublicKey, signingPair } from './bus-key';

/**
 * The credential of a service, a Node or an operator: exactly what the contract lets that kind do. Without expiry where
 * none is given: a Node may sleep for months, and removing it revokes the credential.
 * @throws BusJwtError bad_seed, bad_public_key
 */
export const issueUser = async (fields: {
  accountSeed: string;
  user: BusUser;
  name: string;
  publicKey: string;
  /** Unix seconds. */
  expiresAt?: number | undefined;
}): Promise<string> =>
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
export const issueAccountPusher = async (fields: {
  systemAccountSeed: string;
  accountPublicKey: string;
  publicKey: string;
}): Promise<string> =>
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
  expiresAt?: number | undefined;
}): Promise<string> {
  const { publish, subscribe } = fields.permissions;
  return encodeUser(
    fields.name,
    requirePublicKey('user', fields.publicKey),
    signingPair('account', fields.accountSeed),
    { pub: allowOnly(publish), sub: allowOnly(subscribe), ...limitsOf(fields.limits) },
    fields.expiresAt === undefined ? {} : { exp: fields.expiresAt },
  );
}

/** Beside them the format has `data`, a number of bytes, which no server up to 2.12 looks at. */
const limitsOf = (limits: BusLimits | undefined): { subs?: number; payload?: number } =>
  limits === undefined ? {} : { subs: limits.subscriptions, payload: limits.payloadBytes };

/** An empty allow list means "everything" to the server. */
const allowOnly = (subjects: string[]): { allow: string[] } | { deny: string[] } =>
  subjects.length === 0 ? { deny: ['>'] } : { allow: subjects };
