// What rings of other kinds have and a channel has not: refused before anything is written, or a signer asked.
import 'reflect-metadata';
import type { Logger } from '@plexsphere/service-kit';
import { migrateStore } from '@plexsphere/store';
import { privateKeyOf, testDatabase } from '@plexsphere/testkit';
import { publicText } from '@plexsphere/wire';
import { ChannelWorld } from '../../testing/channel-world';
import { CONFIG, Heart, identity, type Replica } from '../../testing/heart';
import { BusConnections } from '../bus-account/bus-connections';
import { Clients } from '../clients/clients';
import { EnrolmentController } from '../enrolment/enrolment.controller';
import type { EnrolTokens } from '../enrolment/enrol-token';
import type { RegisterNode } from '../enrolment/register-node';
import { PublishEvent } from '../events/publish-event';
import type { Signers } from '../leases/signers';
import type { AddNode } from '../nodes/add-node';
import type { AddNodes } from '../nodes/add-nodes';
import { NodeController } from '../nodes/node.controller';
import type { RemoveNode } from '../nodes/remove-node';
import type { TagNode } from '../nodes/tag-node';
import type { Asked } from '../operators/operator.guard';
import { ChangeDecisions } from '../rings/change-decisions';
import { ChangePlans } from '../rings/change-plans';
import { RingController } from '../rings/ring.controller';
import { SignatureController } from '../signatures/signature.controller';
import { CommandTransactions } from '../transactions/command-transactions';
import { AskForKeys } from '../wireguard-keys/ask-for-keys';

jest.setTimeout(120_000);

let heart: Heart;
let replica: Replica;
let world: ChannelWorld;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  replica = await heart.replica();
  world = new ChannelWorld(heart, replica);
  await world.withTwo();
  await world.rotate('k2');
});
afterEach(() => heart.stop());

const logger = { info: () => undefined, warn: () => undefined } as unknown as Logger;
const asked = { identity: identity('signing.sign') } as Asked;
const client = { client_id: 'c', token_scopes: ['a'], audiences: ['b'], secret_hash: 'a'.repeat(64) };
const foreign = () => ({
  ...({ algorithm: 'Ed25519', public_key: publicText(privateKeyOf('foreign')) } as const),
  ...{ foreign_signs_until: '2036-05-01T10:00:00Z', foreign_token_life_seconds: 60 },
});

/** None of them is come to. */
const signers = {} as Signers;
const transactions = () => new CommandTransactions(heart.asRotation, heart.asRotation, logger);
const rings = () => new RingController(heart.asRotation);
const signatures = () => new SignatureController(heart.asRotation, signers);
const publishing = () => new PublishEvent(heart.asRotation, heart.signers.bus, transactions());
const wireguardKeys = () => new AskForKeys(heart.asRotation, transactions(), logger);
const nodes = () =>
  new NodeController(
    {} as AddNode,
    {} as AddNodes,
    {} as RemoveNode,
    {} as TagNode,
    heart.asRotation,
    new BusConnections(),
  );
const enrolment = () =>
  new EnrolmentController(heart.asRotation, {} as EnrolTokens, {} as RegisterNode, {} as RemoveNode);

const OF_SCOPE = { code: 'INVALID_ARGUMENT', body: { field: 'scope' } };
const SIGNS_NOTHING = { code: 'INVALID_ARGUMENT', body: { field: 'scope', signs: [] } };
const HAS_NO_NODES = { code: 'INVALID_ARGUMENT', body: { field: 'scope', reason: 'no Node is in such a scope' } };
const UNKNOWN = { code: 'NOT_FOUND', detail: 'signing: unknown scope' };

test.each<[string, (scope: string) => Promise<unknown>, object]>([
  [
    'a key that is staged alone',
    (scope) =>
      replica.stageKey.stage(
        { scope, newKeyId: 'k2', rotateWithinMs: undefined, reason: null },
        identity('signing.stage'),
      ),
    OF_SCOPE,
  ],
  [
    'a key that is taken back alone',
    (scope) => replica.stageKey.unstage({ scope, keyId: undefined, reason: null }, identity('signing.unstage')),
    OF_SCOPE,
  ],
  [
    'a recommit',
    (scope) =>
      replica.recommitRing.recommit({ scope, reason: 'r', statement: undefined }, identity('signing.recommit')),
    OF_SCOPE,
  ],
  [
    'a statement by the recovery key',
    (scope) => replica.prepareSuperior.prepare({ scope, type: 'rollback' }),
    OF_SCOPE,
  ],
  [
    'a share of Nodes',
    (scope) =>
      replica.rotateWhenApplied.ask({ scope, new_key_id: 'k2', percent: 50 }, identity('signing.rotate-when-applied')),
    OF_SCOPE,
  ],
  [
    'a foreign key',
    (scope) => replica.importKey.import({ scope, ...foreign() }, null, identity('issuer.import')),
    OF_SCOPE,
  ],
  [
    'a client',
    (scope) => new Clients(transactions(), logger).create({ scope, ...client }, identity('client.create')),
    UNKNOWN,
  ],
  ['a key set', (scope) => rings().jwks({ scope }), UNKNOWN],
  ['a chain', (scope) => rings().chain({ scope }), UNKNOWN],
  ['what is signed for a person', (scope) => signatures().sign({ scope, payload: { a: 1 } }, asked), SIGNS_NOTHING],
  ['what is verified for one', (scope) => signatures().verify({ scope, jws: 'a.b.c' }), SIGNS_NOTHING],
  [
    'events',
    (scope) => publishing().publish({ to: { scope }, eventType: 'note', payload: null }, identity('events.publish')),
    SIGNS_NOTHING,
  ],
  ['Nodes', (scope) => nodes().add({ scope, name: 'n', bus_public_key: 'U' }, asked), HAS_NO_NODES],
  ['enrolment tokens', (scope) => enrolment().makeToken({ scope, token_hash: 'a'.repeat(64) }, asked), HAS_NO_NODES],
  ['WireGuard keys', (scope) => wireguardKeys().ask({ scope }, identity('key.rotate')), HAS_NO_NODES],
])('a channel has no such thing: %s', async (_, ask, refusal) => {
  const before = await heart.rows();
  const askedBefore = heart.signers.asked.length;
  await expect(ask(world.ring)).rejects.toMatchObject(refusal);
  expect(await heart.rows()).toEqual(before);
  expect(heart.signers.asked).toHaveLength(askedBefore);
});

test.each(['stage', 'unstage', 'recommit'] as const)('nor a plan of %s', async (change) => {
  const plans = new ChangePlans(heart.asRotation, new ChangeDecisions(CONFIG), CONFIG);
  expect(await plans.plan({ scope: world.ring, change }, { role: 'admin' })).toMatchObject({
    ...{ signs_afterwards: null, gone: [], blocked_by: ['signing: invariant violation'] },
    refused: { field: 'scope', reason: 'not in such a scope' },
  });
});

test('a member has no WireGuard key that it could change', async () => {
  const { node_id: nodeId } = world.member('app-1');
  await expect(wireguardKeys().ask({ nodeId }, identity('key.rotate'))).rejects.toMatchObject({
    detail: 'signing: no wireguard key',
  });
});
