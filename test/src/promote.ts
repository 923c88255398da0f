import { eventually } from '@plexsphere/testkit';
import type { IssuerReply } from '@plexsphere/wire/commands';
import type { TestIssuer } from './oauth-hands';
import type { World } from './world';

const PATIENCE_MS = 90_000;

/** The issuer's key that is in that state, once there is one. */
export const keyOf = (
  world: World,
  { scope }: Pick<TestIssuer, 'scope'>,
  state: 'active' | 'staged',
): Promise<string> =>
  eventually(
    async () => {
      const { keys } = await (await world.operator()).look<IssuerReply>('issuer.show', { scope });
      return keys.find((key) => key.state === state)?.key_id;
    },
    { describe: `a key that is ${state}`, timeoutMs: PATIENCE_MS },
  );

/**
 * Has the standby sign, once it has propagated. When that had returned, by this process' clock. Under one request id each
 * time, so that whoever is slow is asked again for the same: a second rotation would be refused while the first is open.
 */
export async function promote(world: World, { scope }: Pick<TestIssuer, 'scope'>): Promise<number> {
  const operator = await world.operator();
  await eventually(() => operator.change('signing.rotate', { scope }), {
    describe: 'a promotion',
    timeoutMs: PATIENCE_MS,
  });
  return performance.now();
}
