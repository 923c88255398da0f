import { eventually } from '@plexsphere/testkit';
import { issuerScope, type Scope } from '@plexsphere/wire';
import type { IssuerReply, StatusReply } from '@plexsphere/wire/commands';
import { keptKeys } from './story-hands';
import type { World } from './world';

/** Each story has an issuer of its own. */
export function issuerOf({ domainId }: World): { slug: string; scope: Scope } {
  const slug = `web-${domainId.slice(0, 8)}`;
  return { slug, scope: issuerScope(slug) };
}

/** Once its keys are in these states, and whoever signs works by the ring as it is. */
export async function settled(world: World, states: string): Promise<IssuerReply> {
  const { scope } = issuerOf(world);
  const show = async () => (await world.operator()).look<IssuerReply>('issuer.show', { scope });
  const found = await eventually(
    async () => {
      const shown = await show();
      const isThere = shown.keys.map(({ state }) => state).join(' ') === states;
      return isThere && (await isSwitched(world)) ? shown : undefined;
    },
    { timeoutMs: 90_000, describe: `keys that are ${states}` },
  );
  return found;
}

const isSwitched = async (world: World): Promise<boolean> =>
  (await world.query('SELECT FROM ring.ring_change WHERE scope = $1 AND switched_at IS NULL', [issuerOf(world).scope]))
    .length === 0;

/** What the database's clock does by itself: the last token of whatever retires ends so long from now. */
export const tokensEnd = (world: World, span: string): Promise<unknown> =>
  world.query(
    `UPDATE ring.signing_key SET tokens_until = clock_timestamp() + $2::interval,
            verifies_until = clock_timestamp() + $2::interval + interval '30 s' WHERE scope = $1 AND state = 'retiring'`,
    [issuerOf(world).scope, span],
  );

export const keptOf = (world: World): Promise<string[]> => keptKeys(world, issuerOf(world).scope);

export async function allSigned(world: World): Promise<boolean> {
  const { scope } = issuerOf(world);
  const { scopes } = await (await world.operator()).look<StatusReply>('signing.status', { scope });
  return scopes[0]?.signers.some(({ state }) => state === 'confirmed') === true;
}
