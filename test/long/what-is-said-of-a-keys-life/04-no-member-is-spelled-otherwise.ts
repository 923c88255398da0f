import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  ALGORITHMS,
  COMMAND_NAMES,
  COMMANDS,
  createBusKey,
  makeSealingPair,
  MESH_ALGORITHM,
  openRecoveryKey,
  publicText,
  type Command,
  type ReplyOf,
} from '@plexsphere/wire';
import { joinStatement, statementSignature } from '@plexsphere/wire/jws';
import { notInSnakeCase } from '../../src/member-names';
import { OperatorConnection } from '../../src/operator-connection';
import { recoveryFile } from '../../src/recovery-file';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { enroll } from '../a-nodes-own-key/hands';

/** Every command of the table is answered once, with something in it, and each member of each answer is in snake_case. */
export const step: Step = async (world) => {
  const operator = await OperatorConnection.open(world);
  const asked = new Set<Command>();
  const found: string[] = [];
  const ask = async <C extends Command>(command: C, body: object): Promise<ReplyOf<C>> => {
    const changes = COMMANDS[command].changes;
    const { code, body: reply } = changes
      ? { code: '', body: await operator.change<Record<string, unknown>>(command, body) }
      : await operator.ask(command, body);
    if (code !== '') throw new Error(`${command} is refused: ${JSON.stringify(reply)}`);
    asked.add(command);
    found.push(...notInSnakeCase(reply).map((member) => `${command} ${member}`));
    return reply as unknown as ReplyOf<C>;
  };

  await lifeOfADomain(ask);
  await lifeOfAnIssuer(ask);
  await lifeOfAChannel(ask);
  await lifeOfAFleet(world, ask);
  await recoveryRotated(world, ask);
  for (const entries of [{}, { scope: world.domain }, { scope: 'platform' }])
    await ask('audit.list', { ...entries, limit: 200 });
  expect(found).toEqual([]);
  expect([...asked].sort()).toEqual([...COMMAND_NAMES].sort());
};

type Ask = <C extends Command>(command: C, body: object) => Promise<ReplyOf<C>>;

async function lifeOfADomain(ask: Ask): Promise<void> {
  const id = randomUUID();
  const scope = `domain:${id}`;
  await ask('domain.create', { id, key_id: 'k1' });
  const { node_id } = await ask('node.add', { scope, name: 'n', bus_public_key: createBusKey('user').publicKey });
  const { id: tokenId } = await ask('node.enroll-token', { scope, token_hash: randomBytes(32).toString('hex') });
  await ask('enroll-token.list', { scope });
  await ask('enroll-token.revoke', { id: tokenId });
  await ask('key.rotate', { scope });
  await ask('policy.plan-set', { scope, rotate_every: '30d' });
  // The staged key does not propagate before it is dropped: else the rotator might promote it meanwhile.
  await ask('policy.set', { scope, rotate_every: '30d', propagation_delay_seconds: 1_200 });
  await ask('policy.show', { scope });

  await ask('signing.plan-change', { scope, change: 'stage' });
  await ask('signing.stage', { scope, new_key_id: 'k2' });
  const promotion = { scope, new_key_id: 'k2', percent: 100 };
  await ask('signing.plan-rotate-when-applied', promotion);
  await ask('signing.rotate-when-applied', promotion);
  await ask('signing.status', { scope });
  await ask('signing.unstage', { scope });
  await ask('signing.plan-rotate', { scope, new_key_id: 'k3' });
  await ask('signing.rotate', { scope, new_key_id: 'k3', reason: 'planned' });
  await ask('signing.ring', { scope });
  await ask('signing.jwks', { scope });
  const { jws } = await ask('signing.sign', { scope, payload: { release: '1' } });
  await ask('signing.verify', { scope, jws });
  await ask('signing.plan-close', { scope });
  await ask('signing.status', { scope });
  await ask('signing.rollback', { scope });
  await ask('signing.plan-change', { scope, change: 'revoke', key_id: 'k3' });
  await ask('signing.revoke', { scope, key_id: 'k3', reason: 'bad' });
  await ask('signing.plan-change', { scope, change: 'revoke', key_id: 'k3' });
  await ask('signing.rotate', { scope, new_key_id: 'k4' });
  await ask('signing.close', { scope, old_key_id: 'k1', new_key_id: 'k4' });
  await ask('signing.recommit', { scope, reason: 'restored' });
  const { transitions } = await ask('signing.history', { scope });
  await ask('signing.show', { id: transitions[0]?.id });
  await ask('signing.chain', { scope });
  await ask('signing.list', {});

  const { event_id } = await ask('events.publish', { scope, event_type: 'released', payload: '{}' });
  await ask('events.list', { scope });
  await ask('events.show', { event_id });
  await ask('node.list', { scope });
  await ask('node.show', { node_id });
  await ask('node.remove', { node_id, scope });
  await ask('domain.list', {});
  await ask('domain.plan-remove', { id });
  await ask('domain.remove', { id });

  const token = { name: 'ana', role: 'viewer', bus_public_key: createBusKey('user').publicKey };
  const made = await ask('token.create', { ...token, bearer_hash: '0'.repeat(64) });
  await ask('token.list', {});
  await ask('token.revoke', { id: made.id });
}

async function lifeOfAnIssuer(ask: Ask): Promise<void> {
  const scope = 'issuer:spelled';
  await ask('issuer.create', { scope, url: 'https://id.example.com/issuers/spelled' });
  await ask('issuer.list', {});
  await ask('issuer.show', { scope });
  const foreign = {
    ...{ scope, algorithm: 'ES256', public_key: publicText(await ALGORITHMS.ES256.generate()), jwk_kid: '2023-04' },
    ...{ foreign_signs_until: new Date(Date.now() + 3_600_000).toISOString(), foreign_token_life_seconds: 3_600 },
  };
  await ask('issuer.plan-import', foreign);
  await ask('issuer.import', foreign);
  const client = { scope, client_id: 'billing' };
  const [secret_hash, another] = ['1'.repeat(64), '2'.repeat(64)];
  const may = { token_scopes: ['api'], audiences: ['https://api.example.com'] };
  await ask('client.create', { ...client, ...may, secret_hash });
  await ask('client.list', { scope });
  await ask('client.show', client);
  await ask('client.rotate-secret', { ...client, secret_hash: another });
  await ask('client.delete', client);
}

async function lifeOfAChannel(ask: Ask): Promise<void> {
  const slug = 'spelled';
  const { rings } = await ask('channel.create', { slug, sides: ['app', 'plugin'] });
  const members = ['app', 'plugin'].map((side) => ({
    ...{ slug, side, name: `${side}-1`, sealing_public_key: makeSealingPair().publicKey },
    bus_public_key: createBusKey('user').publicKey,
  }));
  for (const member of members) await ask('channel.add-member', member);
  const [{ scope } = { scope: '' }] = rings;
  await ask('signing.plan-rotate', { scope });
  await ask('signing.rotate', { scope });
  await ask('signing.status', { scope });
  await ask('channel.list', {});
  await ask('channel.show', { slug });
  await ask('signing.rollback', { scope });
  await ask('channel.remove-member', { slug, name: 'app-1' });
}

/** Of one Node, which never answers: the run that waits for it halts, goes on, and is ended. */
async function lifeOfAFleet(world: World, ask: Ask): Promise<void> {
  const { id: node_id } = await enroll(world, 'spelled');
  await ask('node.tag', { node_id, scope: world.domain, add: ['prod'], remove: [] });
  const targets = [{ any_tags: ['prod'] }];
  await ask('edge.list', { targets });
  const order = { targets, mode: 'rolling', batch: 1, on_error: 'fail-fast', deadline_seconds: 60 };
  await ask('fleet.plan', order);
  const { run } = await ask('fleet.rotate', { ...order, reason: 'leaked' });
  await ask('fleet.list', {});
  await ask('fleet.show', { run });
  await ask('fleet.watch', { run, after_seq: 0 });
  await world.query(`UPDATE ring.fleet_run SET state = 'halted' WHERE id = $1`, [run]);
  await ask('fleet.resume', { run });
  await ask('fleet.abort', { run });
  await ask('edge.revoke', { node_id, scope: world.domain, reason: 'stolen' });
}

async function recoveryRotated(world: World, ask: Ask): Promise<void> {
  const { key, passphrase } = recoveryFile(world);
  const [text, word] = [await readFile(key, 'utf8'), (await readFile(passphrase, 'utf8')).trim()];
  const made = { keyId: 'r9', privateKey: await ALGORITHMS[MESH_ALGORITHM].generate() };
  const { statement, recovery_key_id: keyId } = await ask('signing.prepare-statement', {
    ...{ scope: 'platform', type: 'recovery', new_key_id: 'r9', new_public_key: publicText(made.privateKey) },
  });
  const present = { keyId, privateKey: await openRecoveryKey(text, word) };
  const authority = await statementSignature(statement, present, 'authority');
  const possession = await statementSignature(statement, made, 'possession');
  await ask('recovery.rotate', { reason: 'used', statement: joinStatement(statement, authority, possession) });
}
