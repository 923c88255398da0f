import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { headers, inboxPrefix, subjects, type Command } from '@plexsphere/wire';
import { connect, credsAuthenticator } from 'nats';
import type { Step } from '../../src/tell-story';

const COPIES = 6;

export const step: Step = async (world) => {
  const { operator, bus_credential } = JSON.parse(await readFile(world.stack.tokenFile, 'utf8')) as {
    operator: string;
    bus_credential: string;
  };
  const connection = await connect({
    servers: world.stack.natsUrl,
    authenticator: credsAuthenticator(new TextEncoder().encode(bus_credential)),
    inboxPrefix: inboxPrefix({ kind: 'operator', id: operator }),
  });
  world.afterwards(() => connection.close());
  const ask = async (command: Command, body: object) => {
    const reply = await connection.request(subjects.command(operator, command), JSON.stringify(body), {
      timeout: 20_000,
    });
    return { code: reply.headers?.get(headers.errorCode) ?? '', body: reply.json<Record<string, unknown>>() };
  };
  const close = { scope: world.domain, old_key_id: 'k1', new_key_id: 'k2' };
  const domain = randomUUID();
  for (const [command, body] of [
    ['signing.close', close],
    ['signing.rotate', { scope: world.domain, new_key_id: 'k3' }],
    ['domain.create', { id: domain, key_id: 'k1' }],
    ['events.publish', { scope: world.domain, event_type: 'route_updated', payload: '{}' }],
  ] as const) {
    const request = { ...body, request_id: randomUUID() };
    const answers = await Promise.all(Array.from({ length: COPIES }, () => ask(command, request)));
    expect(answers.map((answer) => [command, answer.code])).toEqual(answers.map(() => [command, '']));
    const told = answers.map(({ body: { confirmed: _, lapsed: __, ...same } }) => same);
    expect(told).toEqual(told.map(() => told[0]));
    const other = await ask(command, { ...request, ...('scope' in body ? { scope: 'platform' } : { key_id: 'k9' }) });
    expect([command, other.body['detail']]).toEqual([command, 'signing: request id reused']);
  }
};
