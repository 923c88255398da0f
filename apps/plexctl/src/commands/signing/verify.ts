import { issuerSlug } from '@plexsphere/wire';
import { command } from '../../command';
import { Failure, misuse } from '../../failure';
import { oneRow } from '../../render';
import { SCOPE_FLAG } from '../flag-definitions';

const COMPACT_JWS = /^[\w-]+\.[\w-]*\.[\w-]+$/;

export const verify = command({
  path: ['signing', 'verify'],
  about: `Verifies a compact JWS of type plexsphere-data+jws by the keys of a scope that verify now; of an issuer an access
    token, as long as it lives. Exits 1 where it does not verify; --output json shows the payload where it does.`,
  flags: {
    scope: SCOPE_FLAG,
    'jws-file': { value: 'file', summary: 'the compact JWS; standard input where it is not given' },
  },
  examples: [
    'plexctl signing verify --scope platform --jws-file release.jws',
    'plexctl signing verify --scope platform --output json < release.jws',
  ],
  asks: 'bus',

  async run({ flags, stdin, terminal, bus }) {
    const { readInput } = await import('../../input');
    const jws = (await readInput(flags['jws-file'], 'jws-file', stdin(), terminal)).trim();
    if (!COMPACT_JWS.test(jws)) throw misuse('--jws-file is not a compact JWS', 'jws', 'three parts with dots between');
    const document = await bus.ask('signing.verify', { scope: flags.scope, jws });
    const { valid, key_id: keyId = '-' } = document;
    const text = oneRow({ valid: String(valid), key_id: keyId });
    return valid ? { text, document } : { text, document, failure: doesNotVerify(flags.scope) };
  },
});

const doesNotVerify = (scope: string): Failure => {
  const keys = `plexctl signing jwks --scope ${scope} lists the keys that verify now`;
  return new Failure(1, 'does not verify', {}, issuerSlug(scope) === undefined ? keys : `${keys}; is its exp over?`);
};
