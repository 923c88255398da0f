import { isIssuerUrl, issuerScope, issuerSlug } from '@plexsphere/wire';
import { command } from '../../command';
import { misuse } from '../../failure';
import { oneRow } from '../../render';
import { ALGORITHM_FLAG, algorithmNamed } from '../flag-definitions';
import { SLUG_FLAG } from './slug-flag';

export const createIssuer = command({
  path: ['issuer', 'create'],
  about: `Makes the ring of the scope issuer:<slug>, with a first key that signs, stated by the platform key. Right after, and
    after every switch, the next key is staged by itself: it is published long before it signs.

    --url is what its tokens name, letter by letter: an origin (https://id.example.com), or an origin and
    /issuers/<slug>. One issuer is the default one, which is served at the root of its host as well: the first, or a later
    one by --default. An origin alone is for that one.`,
  flags: {
    slug: { ...SLUG_FLAG, required: true },
    url: {
      value: 'url',
      summary: 'what its tokens name as iss',
      accepts: (text: string) => text !== '',
      expected: 'an origin, https://id.example.com, or one with /issuers/<slug> behind it',
      required: true,
    },
    algorithm: { ...ALGORITHM_FLAG, summary: 'of its keys (default: ES256)' },
    default: { summary: 'served at the root of its host, in the place of the one that is' },
  },
  examples: [
    'plexctl issuer create --slug web --url https://id.example.com',
    'plexctl issuer create --slug mobile --url https://id.example.com/issuers/mobile --algorithm EdDSA',
  ],
  asks: 'bus',

  check({ slug, url }) {
    const expected = `an origin, or an origin and /issuers/${slug}, with https beyond this machine and no / at its end`;
    if (!isIssuerUrl(url, issuerScope(slug))) throw misuse(`--url takes ${expected}, not "${url}"`, 'url');
  },

  async run({ flags, bus, terminal }) {
    const scope = issuerScope(flags.slug);
    const algorithm = algorithmNamed(flags.algorithm);
    const request = {
      ...{ scope, url: flags.url },
      ...(algorithm === undefined ? {} : { algorithm }),
      ...(flags.default ? { default: true } : {}),
    };
    const ifUnknown = `plexctl issuer show --slug ${flags.slug} shows it if it was made`;
    const document = await bus.change('issuer.create', request, ifUnknown);
    const { url, key_id, algorithm: made, epoch, default: isDefault, default_before: before } = document;
    if (before !== null) {
      terminal.note(
        `${before} is not served at the root any more: its clients ask below /issuers/${issuerSlug(before)}`,
      );
    }
    terminal.note(`its standby is staged by itself: plexctl issuer show --slug ${flags.slug}`);
    return {
      text: oneRow({ scope, url, default: isDefault ? 'yes' : 'no', key_id, algorithm: made, epoch }),
      document,
    };
  },
});
