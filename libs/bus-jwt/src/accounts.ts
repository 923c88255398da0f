import { encodeAccount, encodeOperator, type OperatorLimits } from '@nats-io/jwt';
import type { Revocation } from '@plexsphere/wire';
import { requirePublicKey, signingPair } from './bus-key';

/** An account whose JWT names no limits gets zero of everything: it admits nobody. -1 is "no limit". */
const NO_LIMITS: OperatorLimits = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
};

const NO_JETSTREAM_LIMITS: OperatorLimits = {
  mem_storage: -1,
  disk_storage: -1,
  streams: -1,
  consumer: -1,
  mem_max_stream_bytes: -1,
  disk_max_stream_bytes: -1,
  max_ack_pending: -1,
};

/** The root of the bus: the server trusts what this key signs. No expiry; replaced by hand alone. */
export const issueOperator = async (fields: {
  operatorSeed: string;
  systemAccountPublicKey: string;
}): Promise<string> =>
  encodeOperator('plexsphere', signingPair('operator', fields.operatorSeed), {
    system_account: requirePublicKey('account', fields.systemAccountPublicKey),
  });

/** The account of the server's own subjects. Without JetStream: a server refuses to start with it there. */
export const issueSystemAccount = async (fields: { operatorSeed: string; accountPublicKey: string }): Promise<string> =>
  accountJwt('SYS', fields, { limits: NO_LIMITS });

/**
 * The account that everything else lives in, with these and only these revocations: a credential of `public_key`
 * issued at `at` (Unix seconds) or before is refused, and its connection is cut when the server takes the JWT.
 * @throws BusJwtError bad_seed, bad_public_key
 */
export const signAccount = async (fields: {
  operatorSeed: string;
  accountPublicKey: string;
  revocations: readonly Revocation[];
}): Promise<string> =>
  accountJwt('MESH', fields, {
    limits: { ...NO_LIMITS, ...NO_JETSTREAM_LIMITS },
    revocations: Object.fromEntries(
      fields.revocations.map(({ public_key, at }) => [requirePublicKey('user', public_key), at]),
    ),
  });

const accountJwt = (
  name: string,
  { operatorSeed, accountPublicKey }: { operatorSeed: string; accountPublicKey: string },
  account: { limits: OperatorLimits; revocations?: Record<string, number> },
): Promise<string> =>
  encodeAccount(name, requirePublicKey('account', accountPublicKey), account, {
    signer: signingPair('operator', operatorSeed),
  });
