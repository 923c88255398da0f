import { issueAccountPusher, issueOperator, issueSystemAccount, issueUser, signAccount } from '@plexsphere/bus-jwt';
import {
  BRING_UP_FILES,
  credentialFile,
  SERVICE_NAMES,
  type BusUser,
  type ServiceName,
  createBusKey,
  credsText,
  type BusKey,
} from '@plexsphere/wire';
import { serverConfig } from './server-config';

/** A bus of our own: its root, the account that everything lives in, and what each file of it holds. */
export interface Bus {
  operator: BusKey;
  account: BusKey;
  /** The account's JWT, nobody revoked. */
  accountJwt: string;
  /** Public keys of the services' own bus users. */
  servicePublicKeys: [service: ServiceName, publicKey: string][];
  files: Record<string, string>;
}

/**
 * The system account's seed is forgotten here: nobody is ever to be admitted to it beside the account pusher. Should
 * that one be lost, the operator key makes another system account.
 */
export function makeBus(): Bus {
  const [operator, system, account] = [createBusKey('operator'), createBusKey('account'), createBusKey('account')];
  const operatorSeed = operator.seed;
  const systemJwt = issueSystemAccount({ operatorSeed, accountPublicKey: system.publicKey });
  const operatorJwt = issueOperator({ operatorSeed, systemAccountPublicKey: system.publicKey });
  const services = SERVICE_NAMES.map((kind) => ({ kind, ...makeCreds(account, { kind }) }));
  return {
    operator,
    account,
    accountJwt: signAccount({ operatorSeed, accountPublicKey: account.publicKey, revocations: [] }),
    servicePublicKeys: services.map(({ kind, publicKey }) => [kind, publicKey]),
    files: {
      [BRING_UP_FILES.natsServer]: serverConfig(operatorJwt, { publicKey: system.publicKey, jwt: systemJwt }),
      ...Object.fromEntries(services.map(({ kind, text }) => [credentialFile(kind), text])),
      [BRING_UP_FILES.accountPusher]: accountPusherCreds(system, account.publicKey),
    },
  };
}

export function makeCreds(account: BusKey, user: BusUser, expiresAt?: Date): { publicKey: string; text: string } {
  const { publicKey, seed } = createBusKey('user');
  const jwt = issueUser({
    accountSeed: account.seed,
    user,
    name: user.kind,
    publicKey,
    expiresAt: expiresAt && Math.ceil(expiresAt.getTime() / 1_000),
  });
  return { publicKey, text: credsText(jwt, seed) };
}

function accountPusherCreds(system: BusKey, accountPublicKey: string): string {
  const { publicKey, seed } = createBusKey('user');
  return credsText(issueAccountPusher({ systemAccountSeed: system.seed, accountPublicKey, publicKey }), seed);
}
