import { command } from '../../command';
import { SCOPE_FLAG } from '../flag-definitions';

export const jwks = command({
  path: ['signing', 'jwks'],
  about: `Shows the public keys of a scope that verify now: the one that signs first, the retiring one after it. As
    JSON this is the JWKS document (RFC 7517) as it is.`,
  flags: { scope: SCOPE_FLAG },
  examples: [
    'plexctl signing jwks --scope platform',
    'plexctl signing jwks --scope platform --output json > jwks.json',
  ],
  asks: 'bus',

  async run({ flags: { scope }, bus }) {
    const document = await bus.ask('signing.jwks', { scope });
    return { text: { columns: ['KID', 'ALG'], rows: document.keys.map(({ kid, alg }) => [kid, alg]) }, document };
  },
});
