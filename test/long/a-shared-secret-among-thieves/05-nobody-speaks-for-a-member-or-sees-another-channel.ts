import { readEnrolment, type BusEnrolment } from '@plexsphere/node-sdk';
import { headers, subjects, type Command } from '@plexsphere/wire';
import type { ReportedRing } from '@plexsphere/wire/commands';
import type { NatsConnection } from 'nats';
import { SharedSecret, type ServiceMember } from '../../src/channel-service';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { allowed, bootstrapFile, dial } from '../../suites/permissions/hands';

const DENIED = 'PERMISSION_DENIED';

/** By a gateway's credential, a member's, another channel's, and by tokens of one channel. */
export const step: Step = async (world) => {
  const shared = world.kept.get('shared') as SharedSecret;
  const mail = await SharedSecret.create(world, 'mail');
  const stranger = await mail.add('app', 'mail-1');
  const [onBus, overHttp] = shared.of('app') as [ServiceMember, ServiceMember];
  await nobodyReportsForAnother(world, shared, { stranger, onBus, overHttp });
  await eachSeesTheirOwn(world, shared, mail);
  await noTextIsSigned(world, shared);
};

async function nobodyReportsForAnother(
  world: World,
  shared: SharedSecret,
  { stranger, onBus, overHttp }: Record<'stranger' | 'onBus' | 'overHttp', ServiceMember>,
): Promise<void> {
  const { active_key_id: key, epoch } = await shared.ring('app');
  const said = (of: Partial<ReportedRing> = {}) => claimed(shared.direction('app'), epoch, key, of);
  const gateway = await dial(world, await bootstrapFile(world, 'gateway.creds'), { kind: 'gateway' });
  // Of one over HTTP it may say something, and prove nothing.
  expect(await report(gateway, subjects.httpChannel(onBus.nodeId), said())).toMatchObject({ code: DENIED });
  expect(await report(gateway, subjects.httpChannel(overHttp.nodeId), said())).toMatchObject({
    body: { rings: [{ proven: [], refused: [{ key_id: key, detail: 'signing: wrong proof' }] }] },
  });
  const ahead = await report(gateway, subjects.httpChannel(overHttp.nodeId), said({ epoch: epoch + 1 }));
  expect(ahead).toMatchObject({ body: { detail: 'signing: epoch mismatch' } });
  expect(await allowed(gateway, { say: [subjects.nodeChannel(overHttp.nodeId)] })).toEqual([]);
  const other = await dialMember(world, stranger);
  expect(await report(other, subjects.nodeChannel(stranger.nodeId), said())).toMatchObject({ code: DENIED });
  const say = [onBus, overHttp].flatMap(({ nodeId }) => [subjects.nodeChannel(nodeId), subjects.httpChannel(nodeId)]);
  const hear = [onBus, overHttp].flatMap(({ nodeId }) => [subjects.nodeEvents(nodeId), subjects.nodeChannel(nodeId)]);
  expect(await allowed(other, { say, hear })).toEqual([]);
}

async function eachSeesTheirOwn(world: World, shared: SharedSecret, mail: SharedSecret): Promise<void> {
  const admin = await world.operator();
  const rings = (await mail.show()).rings.map(({ scope }) => scope);
  const scopes = [`channel:${mail.slug}`];
  const viewer = await admin.makeColleague(world, 'mail-viewer', { role: 'viewer', scopes });
  const operator = await admin.makeColleague(world, 'mail-operator', { role: 'operator', scopes });
  const look = async (command: Command, list: string): Promise<string[]> =>
    ((await viewer.look<Record<string, { scope: string }[]>>(command, {}))[list] ?? []).map(({ scope }) => scope);
  expect((await viewer.look<{ channels: { slug: string }[] }>('channel.list', {})).channels).toMatchObject([
    { slug: mail.slug },
  ]);
  const listed = [
    ...(await look('signing.list', 'rings')),
    ...(await look('signing.status', 'scopes')),
    ...(await look('audit.list', 'entries')),
    ...(await look('events.list', 'events')),
  ];
  expect([...new Set(listed)].sort()).toEqual(rings);

  const member = { side: 'app', name: 'thief', sealing_public_key: 'x', bus_public_key: 'x' };
  const denied = { code: DENIED, body: { code: DENIED, detail: 'signing: permission denied' } };
  const scope = shared.direction('app');
  for (const slug of [shared.slug, 'nowhere']) {
    for (const [command, body] of [
      ['channel.show', { slug }],
      ['channel.add-member', { slug, ...member }],
      ['channel.remove-member', { slug, name: 'app-1' }],
      ['channel.create', { slug, sides: ['app', 'plugin'] }],
      ['signing.rotate', { scope: `channel:${slug}:app-to-plugin` }],
      ['signing.ring', { scope: `channel:${slug}:app-to-plugin` }],
      ['audit.list', { scope: `channel:${slug}:app-to-plugin` }],
    ] as const)
      expect([command, slug, await operator.ask(command, body)]).toEqual([command, slug, denied]);
  }
  // Of their own channel, what their role may not.
  expect(await operator.ask('channel.add-member', { slug: mail.slug, ...member })).toEqual(denied);
  expect(await operator.ask('signing.revoke', { scope: rings[0], key_id: 'k' })).toEqual(denied);
  expect(await viewer.ask('signing.rotate', { scope: rings[0] })).toEqual(denied);
  // Nor under a name that is two.
  for (const slug of [`${shared.slug}:app-to-plugin`, `${mail.slug}:app-to-plugin`, `${mail.slug} `])
    expect((await operator.ask('channel.show', { slug })).code).not.toBe('');
  expect((await viewer.ask('channel.show', { slug: mail.slug })).code).toBe('');
  expect((await shared.ring('app')).scope).toBe(scope);
}

/** Whoever may all gets no text by a channel's key, and no key of its: of either there is none. */
async function noTextIsSigned(world: World, shared: SharedSecret): Promise<void> {
  const admin = await world.operator();
  const scope = shared.direction('app');
  const before = await shared.ring('app');
  for (const [command, body] of [
    ['signing.jwks', {}],
    ['signing.chain', {}],
    ['signing.sign', { payload: '{}' }],
    ['signing.verify', { jws: 'e30.e30.AA' }],
    ['signing.stage', {}],
    ['signing.unstage', {}],
    ['signing.recommit', {}],
    ['signing.rotate-when-applied', { percent: 100 }],
    ['events.publish', { event_type: 'route_updated', payload: '{}' }],
    ['node.add', { name: 'thief', bus_public_key: 'x' }],
    ['node.enroll-token', { token_hash: 'ab'.repeat(32) }],
    ['client.create', { client_id: 'x' }],
  ] as const) {
    const { code } = await admin.ask(command, { scope, ...body });
    expect([command, ['INVALID_ARGUMENT', 'NOT_FOUND', 'FAILED_PRECONDITION'].includes(code) || code]).toEqual([
      command,
      true,
    ]);
  }
  expect(await shared.ring('app')).toMatchObject({ epoch: before.epoch, active_key_id: before.active_key_id });
  for (const gateway of world.gatewayUrls) {
    for (const path of [`/v1/scopes/${scope}/chain`, `/issuers/${shared.slug}/.well-known/jwks.json`])
      expect((await fetch(new URL(path, gateway))).status).toBe(404);
  }
}

const claimed = (scope: string, epoch: number, keyId: string, said: Partial<ReportedRing>): ReportedRing => ({
  ...{ scope, epoch, period_from: new Date().toISOString(), period_seconds: 0, last_signed: null, last_verified: null },
  ...{ keys: [{ key_id: keyId, proof: Buffer.alloc(32).toString('base64') }], alone: [], refusals: {} },
  ...said,
});

async function report(
  connection: NatsConnection,
  subject: string,
  ring: ReportedRing,
): Promise<{ code: string; body: unknown }> {
  const reply = await connection.request(subject, JSON.stringify({ rings: [ring] }), { timeout: 10_000 });
  return { code: reply.headers?.get(headers.errorCode) ?? '', body: reply.json() };
}

async function dialMember(world: World, { enrolmentFile, nodeId }: ServiceMember): Promise<NatsConnection> {
  const { busCredential } = (await readEnrolment(enrolmentFile)) as BusEnrolment;
  return dial(world, busCredential, { kind: 'node', id: nodeId });
}
