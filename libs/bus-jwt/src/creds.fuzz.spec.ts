import { FUZZ_TIMEOUT_MS, fuzz } from '@plexsphere/testkit';
import { createBusKey } from './bus-key';
import { credsText, parseCreds } from './creds';
import { BusJwtError } from './errors';
import { issueUser } from './users';

test(
  'a credential file',
  async () => {
    const user = createBusKey('user');
    const accountSeed = createBusKey('account').seed;
    const jwt = await issueUser({ accountSeed, user: { kind: 'signer' }, name: 'signer', publicKey: user.publicKey });
    await fuzz({
      samples: [credsText(jwt, user.seed)],
      parse: parseCreds,
      refuses: (error) => error instanceof BusJwtError && error.code === 'bad_creds',
      accepted: (creds) => expect(parseCreds(credsText(creds.jwt, creds.seed))).toEqual(creds),
    });
  },
  FUZZ_TIMEOUT_MS,
);
