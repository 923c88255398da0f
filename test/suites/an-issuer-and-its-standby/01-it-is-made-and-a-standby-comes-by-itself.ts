import { allSigned, issuerOf, settled } from '../../src/issuer-hands';
import { throughKills } from '../../src/kills';
import type { Step } from '../../src/tell-story';

/** Whoever has made it may die before it has staged the next key: another replica does. */
export const step: Step = async (world) => {
  const { slug, scope } = issuerOf(world);
  const url = `https://id.example.com/issuers/${slug}`;
  const made = await throughKills(world, () => world.json(['issuer', 'create', '--slug', slug, '--url', url]));
  expect(made).toMatchObject({ scope, url, algorithm: 'ES256', epoch: 1 });
  const { keys, longest_token_seconds: longest } = await settled(world, 'active staged');
  expect(longest).toBe(3_600);
  expect(keys.map(({ algorithm }) => algorithm)).toEqual(['ES256', 'ES256']);
  // Published before it signs, and for whoever verifies with any library.
  expect(await world.kids(scope)).toEqual(keys.map(({ key_id }) => key_id));
  expect(await allSigned(world)).toBe(true);
  // What a verifier that looks at no type would take for a token.
  for (const args of [
    ['signing', 'sign', '--scope', scope],
    ['events', 'publish', '--scope', scope, '--event-type', 'policy_updated'],
  ]) {
    const refused = await world.plexctl(args, '{"sub":"admin"}');
    const said = expect.stringContaining('its keys sign nothing else than statement and token');
    expect([args, refused.exitCode, refused.stderr]).toEqual([args, 2, said]);
  }
};
