import 'reflect-metadata';
import type { Bus } from '@plexsphere/service-kit';
import type { DataSource } from 'typeorm';
import type { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { PublishEvent } from './publish-event';

const nobody = {} as DataSource & Bus & CommandTransactions & RequestIdentity;

it('an issuer’s keys sign no envelope: nothing is accepted that could only wait for ever', async () => {
  const publication = { to: { scope: 'issuer:web' }, eventType: 'policy_updated', payload: null };
  const publishing = new PublishEvent(nobody, nobody, nobody).publish(publication, nobody);
  await expect(publishing).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    body: { field: 'scope', signs: ['statement', 'token'] },
  });
});
