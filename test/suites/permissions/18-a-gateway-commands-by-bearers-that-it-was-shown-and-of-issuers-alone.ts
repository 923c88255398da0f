import { randomBytes, randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import {
  HTTP_COMMANDS,
  credentialFile,
  headers,
  inboxPrefix,
  issuerScope,
  subjects,
  type HttpCommand,
} from '@plexsphere/wire';
import type { IssuerReply } from '@plexsphere/wire/commands';
import { headers as natsHeaders, type NatsConnection } from 'nats';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { admin, bootstrapFile, dial, makeToken, type Answer } from './hands';

const GATEWAY = { kind: 'gateway' } as const;
const PEER = '203.0.113.9';

/** Whoever stole a gateway's credential has no command of their own, and with a bearer these few, of issuers. */
export const step: Step = async (world) => {
  const thief = await dial(world, await bootstrapFile(world, credentialFile('gateway')), GATEWAY);
  const { bearer } = await admin(world);
  const slug = `web-${world.domainId.slice(0, 8)}`;
  const scope = issuerScope(slug);
  await world.json(['issuer', 'create', '--slug', slug, '--url', `https://id.example.com/issuers/${slug}`]);
  // But for the time at which it is said.
  const show = async () => ({ ...(await world.json<IssuerReply>(['issuer', 'show', '--slug', slug])), now: '' });
  const before = await eventually(
    async () => {
      const shown = await show();
      // Once everybody serves it: then nothing of it changes by itself.
      const isPublished = shown.keys.some(({ state, propagated_at }) => state === 'staged' && propagated_at !== null);
      return isPublished ? shown : undefined;
    },
    { timeoutMs: 60_000, describe: 'its standby' },
  );

  for (const command of HTTP_COMMANDS) {
    const request = requestOf(command, scope, before);
    for (const other of [world.domain, 'platform']) {
      const refused = await ask(thief, command, { ...request, scope: other }, { bearer });
      expect([command, other, refused.code]).toEqual([command, other, 'PERMISSION_DENIED']);
    }
    const guess = randomBytes(32).toString('base64url');
    for (const wrong of [guess, undefined, ` ${bearer} x`]) {
      expect([command, (await ask(thief, command, request, { bearer: wrong })).code]).toEqual([
        command,
        'UNAUTHENTICATED',
      ]);
    }
    const large = await ask(thief, command, request, { bearer: 'x'.repeat(4_096) });
    expect([command, large.body['detail']]).toEqual([command, 'signing: request too large']);
  }
  expect(await show()).toEqual(before);
  // A viewer's bearer makes nothing more of it than a viewer.
  const viewer = await makeToken(world, { name: 'http-viewer', role: 'viewer', scopes: [scope] });
  for (const command of HTTP_COMMANDS) {
    const { code } = await ask(thief, command, requestOf(command, scope, before), { bearer: viewer.bearer });
    expect([command, code]).toEqual([command, command === 'issuer.show' ? 'OK' : 'PERMISSION_DENIED']);
  }
  expect(await show()).toEqual(before);
  // Told apart by where it was shown, and counted rather than listed.
  await eventually(async () => (await counted(world, 'actor', `http:${PEER}`)) === 3 * HTTP_COMMANDS.length, {
    describe: 'the guesses counted',
  });

  for (const reply of OF_OTHERS) {
    const options = { reply, headers: shownHeaders({ bearer }) };
    thief.publish(subjects.httpCommand('issuer.show'), JSON.stringify({ scope }), options);
  }
  await eventually(async () => (await counted(world, 'detail', 'foreign reply subject')) >= OF_OTHERS.length, {
    describe: 'what was to be answered elsewhere refused',
  });
  // By the name of the request it is done once.
  const name = randomUUID();
  const rotated = await ask(thief, 'signing.rotate', { scope, force: true }, { bearer, name });
  expect(rotated).toMatchObject({ code: 'OK', body: { new_key_id: before.standby_key_id } });
  const again = await ask(thief, 'signing.rotate', { scope, force: true }, { bearer, name });
  expect(again.body).toMatchObject({ epoch: rotated.body['epoch'], new_key_id: before.standby_key_id });
};

const requestOf = (command: HttpCommand, scope: string, { active_key_id, standby_key_id }: IssuerReply): object =>
  ({
    'issuer.show': { scope },
    'signing.stage': { scope, new_key_id: `stolen-${randomUUID()}` },
    'signing.rotate': { scope, force: true },
    'signing.close': { scope, old_key_id: active_key_id, force: true },
    'signing.unstage': { scope, key_id: standby_key_id },
    'signing.revoke': { scope, key_id: active_key_id, reason: 'stolen' },
  })[command];

interface Shown {
  bearer: string | undefined;
  name?: string;
}

function shownHeaders({ bearer, name = randomUUID() }: Shown): ReturnType<typeof natsHeaders> {
  const shown = natsHeaders();
  if (bearer !== undefined) shown.set(headers.bearer, bearer);
  shown.set(headers.idempotencyKey, name);
  shown.set(headers.peer, PEER);
  return shown;
}

async function ask(thief: NatsConnection, command: HttpCommand, request: object, shown: Shown): Promise<Answer> {
  const reply = await thief.request(subjects.httpCommand(command), JSON.stringify(request), {
    timeout: 30_000,
    headers: shownHeaders(shown),
  });
  return { code: reply.headers?.get(headers.errorCode) || 'OK', body: reply.json() };
}

/** Where somebody else waits for an answer, or hears what is told. */
const OF_OTHERS = [`${inboxPrefix({ kind: 'operator', id: randomUUID() })}.x`, '_INBOX.rotation.x', 'changed.ring'];

async function counted(world: World, column: 'actor' | 'detail', value: string): Promise<number> {
  const [row] = await world.query<{ count: string }>(
    `SELECT coalesce(sum(count), 0) AS count FROM ring.refusal WHERE ${column} = $1 AND command LIKE '%.%'`,
    [value],
  );
  return Number(row?.count);
}
