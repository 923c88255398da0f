import { parseCreds } from '@plexsphere/testkit';
import { SERVICE_NAMES, credentialFile } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import { askAs, bootstrapFile, known } from './hands';

/** Whoever enrolled a Node by a service's key and removed the Node would cut that service off. */
export const step: Step = async (world) => {
  const operator = known(world, 'operator');
  const services = await Promise.all(SERVICE_NAMES.map((name) => bootstrapFile(world, credentialFile(name))));
  const others = [...services, operator.creds, known(world, 'viewer').creds, known(world, 'edge-1').creds];
  for (const [i, creds] of others.entries()) {
    const { publicKey } = parseCreds(creds);
    const answer = await askAs(world, operator, 'node.add', {
      scope: world.domain,
      name: `thief-${i}`,
      bus_public_key: publicKey,
    });
    expect([i, answer.code, answer.body['field']]).toEqual([i, 'ALREADY_EXISTS', 'bus_public_key']);
  }
};
