import { createBusKey } from '@plexsphere/wire';
import { OperatorConnection } from '../../src/operator-connection';
import type { Step } from '../../src/tell-story';

/** Those who join share the scope's lock, so that it is the name's index that lets one in. */
export const step: Step = async (world) => {
  const operator = await OperatorConnection.open(world);
  const join = async (): Promise<string> => {
    const node = { scope: world.domain, name: 'twin', bus_public_key: createBusKey('user').publicKey };
    const { code, body } = await operator.ask('node.add', node);
    return code === '' ? 'joined' : `${code} ${String(body['field'])}`;
  };
  const answers = await Promise.all(Array.from({ length: 6 }, join));
  expect(answers.sort()).toEqual([...Array.from({ length: 5 }, () => 'ALREADY_EXISTS name'), 'joined']);
};
