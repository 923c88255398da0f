import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { envelopeBy, testKey } from '@plexsphere/testkit';
import {
  CHANNEL_KEYS_CHANGED,
  PLATFORM,
  SIGNING_DURATION_MS,
  headers as names,
  makeSealingPair,
  parseEnvelope,
  readKeysChanged,
  sealSecret,
  subjects,
  unsealSecret,
  type ChannelKeysChanged,
} from '@plexsphere/wire';
import { headers as natsHeaders, type NatsConnection } from 'nats';
import type { SharedSecret } from '../../src/channel-service';
import { keptByMembers } from '../../src/member-secrets';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { allowed, bootstrapFile, dial } from '../../suites/permissions/hands';

/** SQLSTATE insufficient_privilege. */
const DENIED = '42501';

/** He may ask for any member's news, and put anything on its stream: what he names, seals and repeats is worth nothing. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const thief = await dial(world, await bootstrapFile(world, 'outbox-relay.creds'), { kind: 'outbox-relay' });
  const { receives: scope, nodeId, name } = shared.of('plugin')[0]!;
  const his = makeSealingPair();
  const platform = await (await world.operator()).look<{ epoch: number }>('signing.ring', { scope: PLATFORM });
  const asked = (node: string) => ({
    ...{ scope, epoch: platform.epoch, node_id: node, event_id: `${node}/${randomUUID()}`, nonce: randomUUID() },
    ...{ issued_at: new Date().toISOString(), duration_ms: SIGNING_DURATION_MS },
  });
  const news = async (request: object) => ask(thief, subjects.scopeSigner(scope, 'announce-channel'), request);

  for (const [member, value] of Object.entries({
    ...{ sealing_key: his.publicKey, sealing_public_key: his.publicKey, side: 'plugin', payload: '{}', members: [] },
    ...{ ring_epoch: 1, key_id: 'k1', event_type: CHANNEL_KEYS_CHANGED },
  })) {
    const answer = await news({ ...asked(nodeId), [member]: value });
    expect(answer).toMatchObject({ code: 'INVALID_ARGUMENT', body: { field: member } });
  }
  expect(await news({ ...asked(nodeId), event_id: `${randomUUID()}/${randomUUID()}` })).toMatchObject({
    body: { field: 'event_id' },
  });

  // Whoever is no member holds nothing: a stranger, one that was removed, a member's id of another spelling.
  const gone = await shared.add('plugin', 'gone');
  await shared.allHold();
  await shared.leave(gone);
  await (await world.operator()).change('channel.remove-member', { slug: shared.slug, name: 'gone' });
  shared.forget(gone);
  for (const node of [randomUUID(), gone.nodeId]) expect(told(await news(asked(node))).keys).toEqual([]);
  expect(await news(asked(nodeId.toUpperCase()))).toMatchObject({ code: 'INVALID_ARGUMENT' });

  // A member's he has, as it goes over the bus, and opens nothing of it.
  const answered = await news(asked(nodeId));
  const { keys, epoch } = told(answered);
  expect(keys.length).toBeGreaterThan(0);
  for (const { key_id: keyId, secret } of keys) {
    const open = (): Buffer => unsealSecret(secret, his.privateKey, { scope, keyId, epoch, nodeId });
    expect(open).toThrow(expect.objectContaining({ code: 'other_recipient' }));
  }

  // Nobody signs one of his, under any name.
  const [sealing] = await world.query<{ key: string }>(
    'SELECT sealing_key AS key FROM ring.member WHERE node_id = $1',
    [nodeId],
  );
  const own = JSON.stringify(forged(told(answered), sealing!.key));
  for (const [verb, signer] of [
    ['sign-envelope', PLATFORM],
    ['announce', PLATFORM],
    ['sign-envelope', scope],
    ['announce', scope],
  ] as const) {
    const request = { ...asked(nodeId), node_id: undefined, scope: signer, event_type: CHANNEL_KEYS_CHANGED };
    const said = verb === 'announce' ? { key_id: 'k1' } : { payload: own };
    const { code } = await ask(thief, subjects.scopeSigner(signer, verb), { ...request, ...said });
    expect([verb, signer, code]).toEqual([verb, signer, 'INVALID_ARGUMENT']);
  }
  const say = (['check-proofs', 'generate-key', 'make-statement', 'sign-jws', 'verify'] as const).map((verb) =>
    subjects.scopeSigner(scope, verb),
  );
  expect(await allowed(thief, { say, hear: [subjects.nodeChannel('*'), subjects.httpChannel('*')] })).toEqual([]);
  expect(await deniedOfDatabase(world, scope, nodeId)).toEqual([]);

  // What he puts on the stream: one of his own, another member's, an old one again, and again.
  const held = shared.members.map((member) => [member.name, member.kids(scope)]);
  const others = await news(asked(shared.of('plugin')[1]!.nodeId));
  const envelopes = [
    envelopeBy(testKey('platform-1'), PLATFORM, new Date(), { eventType: CHANNEL_KEYS_CHANGED, payload: own }),
    String(others.body['envelope']),
    String(answered.body['envelope']),
    String(answered.body['envelope']),
  ];
  for (const text of envelopes) await publish(thief, nodeId, text);
  expect(shared.members.map((member) => [member.name, member.kids(scope)])).toEqual(held);

  // Nor has he stopped anything: the member hears of the next one, and proves it.
  const rotating = await shared.rotate('app');
  await shared.signsBy('app', rotating.new_key_id);
  expect(shared.members.find((member) => member.name === name)?.kids(scope)).toContain(rotating.new_key_id);
  await shared.close('app', rotating);
  expect((await keptByMembers(shared)).filter(({ secret }) => secret.equals(HIS_SECRET))).toEqual([]);
};

interface Answer {
  code: string;
  body: Record<string, unknown>;
}

async function ask(thief: NatsConnection, subject: string, request: object): Promise<Answer> {
  const reply = await thief.request(subject, JSON.stringify(request), { timeout: 10_000 });
  return { code: reply.headers?.get(names.errorCode) ?? '', body: reply.json() };
}

const told = ({ body }: Answer): ChannelKeysChanged =>
  readKeysChanged(JSON.parse(parseEnvelope(String(body['envelope'])).payload));

const HIS_SECRET = Buffer.alloc(32, 7);

/** With a secret that he made, sealed as it should be. */
function forged({ scope, epoch, node_id: nodeId, keys, ...rest }: ChannelKeysChanged, recipient: string): object {
  return {
    ...{ ...rest, scope, epoch: epoch + 1, node_id: nodeId },
    keys: keys.map((key) => ({
      ...key,
      secret: sealSecret(HIS_SECRET, recipient, { scope, keyId: key.key_id, epoch: epoch + 1, nodeId }),
    })),
  };
}

async function publish(thief: NatsConnection, nodeId: string, text: string): Promise<void> {
  const made = natsHeaders();
  made.set(names.kind, 'event');
  await thief.jetstream().publish(subjects.eventsOut(nodeId), text, { headers: made });
}

/** What he could do as the relay's role that would make him or another a member, or show a secret. */
async function deniedOfDatabase(world: World, scope: string, nodeId: string): Promise<string[]> {
  const client = new Client({ connectionString: world.stack.databaseUrl('outbox-relay') });
  await client.connect();
  const could: string[] = [];
  for (const statement of [
    'SELECT FROM material.wrapped_key',
    'SELECT sealing_key FROM ring.member',
    'SELECT proof FROM ring.member_key',
    `UPDATE ring.member SET sealing_key = 'A' WHERE node_id = '${nodeId}'`,
    `UPDATE ring.member SET removed_at = NULL`,
    `INSERT INTO ring.member (node_id, slug, side, sealing_key, is_sink) VALUES (gen_random_uuid(), 'pay', 'app', 'A', false)`,
    `INSERT INTO ring.member_key (scope, node_id, key_id, proven_at, epoch, proof) VALUES ('${scope}', '${nodeId}', 'k', now(), 1, 'p')`,
    `UPDATE ring.transition SET activated_at = now()`,
    `UPDATE ring.key_ring SET epoch = epoch + 1`,
  ]) {
    const code = await client.query(statement).then(
      () => 'done',
      (error: { code: string }) => error.code,
    );
    if (code !== DENIED) could.push(`${statement}: ${code}`);
  }
  await client.end();
  return could;
}
