import { issuerScope } from '@plexsphere/wire';
import type { IssuerKey } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { age, labelled } from '../../layout';
import { utc } from '../../render';
import { foreignText, knownLines, lastTokenText } from '../signing/key-lines';
import { SLUG_FLAG } from './slug-flag';

export const showIssuer = command({
  path: ['issuer', 'show'],
  about: `Shows what the tokens of an issuer name and how long they may live, and its keys: the one that signs, the standby,
    with the time from which it may sign without --force, and those that verify what they signed until their last token ends.
    known by says until when verifiers may not know the key that signs: it stands there after a revoke.`,
  flags: { slug: { ...SLUG_FLAG, required: true } },
  examples: ['plexctl issuer show --slug web', 'plexctl issuer show --slug web --output json'],
  asks: 'bus',

  async run({ flags: { slug }, bus }) {
    const document = await bus.ask('issuer.show', { scope: issuerScope(slug) });
    const { scope, url, default: isDefault, epoch, open, longest_token_seconds: longest, keys, now } = document;
    const idWidth = Math.max(...keys.map(({ key_id }) => key_id.length));
    const text = labelled([
      { label: 'issuer', text: `${scope}, epoch ${epoch}${isDefault ? ', the default one' : ''}` },
      { label: 'url', text: url },
      { label: 'tokens', text: `live ${age(longest)} at most` },
      { label: 'rotation', text: open ? 'open' : 'none is open' },
      ...keys.map((key, index) => ({ label: index === 0 ? 'keys' : '', text: keyText(key, idWidth, now) })),
      ...knownLines(document.known_by),
    ]);
    return { text: text.join('\n'), document };
  },
});

function keyText(key: IssuerKey, idWidth: number, now: string): string {
  const {
    key_id: keyId,
    state,
    algorithm,
    since,
    propagated_at: from,
    tokens_until: tokens,
    verifies_until: until,
  } = key;
  const more = {
    active: 'signs',
    staged: `the standby${from === null ? '' : `, to be rotated to from ${utc(from)} on`}`,
    retiring: `${tokens === null ? 'its tokens may live on' : lastTokenText(tokens, now)}${until === null ? '' : `, verifies until ${utc(until)}`}`,
  }[state];
  const columns = `${keyId.padEnd(idWidth)}  ${state.padEnd('retiring'.length)}  ${algorithm}`;
  return `${columns}  since ${utc(since)}${foreignText(key)}; ${more}`;
}
