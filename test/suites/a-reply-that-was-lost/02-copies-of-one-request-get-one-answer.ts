import { randomUUID } from 'node:crypto';
import { OperatorConnection } from '../../src/operator-connection';
import type { Step } from '../../src/tell-story';

const COPIES = 6;

export const step: Step = async (world) => {
  const operator = await OperatorConnection.open(world);
  const close = { scope: world.domain, old_key_id: 'k1', new_key_id: 'k2' };
  const domain = randomUUID();
  for (const [command, body] of [
    ['signing.close', close],
    ['signing.rotate', { scope: world.domain, new_key_id: 'k3' }],
    ['domain.create', { id: domain, key_id: 'k1' }],
    ['events.publish', { scope: world.domain, event_type: 'route_updated', payload: '{}' }],
  ] as const) {
    const request = { ...body, request_id: randomUUID() };
    const answers = await Promise.all(Array.from({ length: COPIES }, () => operator.ask(command, request)));
    expect(answers.map((answer) => [command, answer.code])).toEqual(answers.map(() => [command, '']));
    const told = answers.map(({ body: { confirmed: _, lapsed: __, ...same } }) => same);
    expect(told).toEqual(told.map(() => told[0]));
    const other = await operator.ask(command, {
      ...request,
      ...('scope' in body ? { scope: 'platform' } : { key_id: 'k9' }),
    });
    expect([command, other.body['detail']]).toEqual([command, 'signing: request id reused']);
  }
};
