// Against a real AWS Secrets Manager, or what stands in for one: where AWS_ENDPOINT_URL says which, with credentials that the
// client finds. It makes secrets of its own, and deletes them.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { temporaryFolder } from '@plexsphere/testkit';
import { map, ring } from '../../testing/keys';
import { RecordFile } from '../record/record-file';
import { RingWriter } from '../writer/ring-writer';
import { openTarget } from './target-of';

const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region = 'us-east-1' } = process.env;
const whereThereIsOne = endpoint === undefined ? test.skip : test;
const store = temporaryFolder();
const made: string[] = [];
let aws: SecretsManagerClient;

beforeAll(() => {
  aws = new SecretsManagerClient({ region });
});
afterAll(async () => {
  for (const SecretId of made)
    await aws.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })).catch(() => undefined);
  aws.destroy();
});

interface Opened {
  arn: string;
  read(): Promise<string | undefined>;
  /** Each is a process that has just started. */
  writer(takeOver?: boolean): RingWriter;
}

async function opened(text?: string): Promise<Opened> {
  const name = `channel-sink-test/${randomUUID()}`;
  const { ARN: arn = '' } = await aws.send(
    new CreateSecretCommand({ Name: name, ...(text === undefined ? {} : { SecretString: text }) }),
  );
  made.push(arn);
  const place = { ring: 'a-to-b', target: `aws:${arn}` };
  const target = await openTarget(place.target, { place, allowPlaintext: true });
  const folder = join(store, randomUUID());
  mkdirSync(folder);
  return {
    arn,
    read: async () => (await target.read())?.text,
    writer: (takeOver = false) =>
      new RingWriter({
        ...{ place, target, takeOver, use: 'verify', format: 'map', encoding: 'hex' },
        ...{ nodeId: randomUUID(), scope: 'channel:chat:a-to-b', records: new RecordFile(folder, place) },
        logger: { info: () => undefined, warn: () => undefined },
      }),
  };
}

whereThereIsOne('a whole rotation, in a secret that had no value', async () => {
  const { writer, read } = await opened();
  for (const [index, step] of ['*k1', 'k2 *k1', '*k2 k1', '*k2'].entries()) {
    await writer().write(ring(step), index + 1);
    expect(await read()).toBe(map(step.replace('*', '')));
  }
});

whereThereIsOne('what is in use already is taken over, until the first close', async () => {
  const { writer, read } = await opened('{"key-v1":"old"}');
  await expect(writer().write(ring('*k1'), 1)).rejects.toMatchObject({ code: 'target_foreign' });
  expect(await writer(true).write(ring('*k1'), 1)).toEqual({ takenOver: ['key-v1'] });
  expect(await read()).toBe(map('k1', { 'key-v1': 'old' }));
  await writer(true).write(ring('*k2'), 2);
  expect(await read()).toBe(map('k2'));
});

whereThereIsOne('somebody else’s change is left as it is', async () => {
  const { arn, writer, read } = await opened();
  await writer().write(ring('*k1'), 1);
  await aws.send(new PutSecretValueCommand({ SecretId: arn, SecretString: '{"mine":"theirs"}' }));
  await expect(writer().write(ring('k2 *k1'), 2)).rejects.toMatchObject({ code: 'target_changed' });
  expect(await read()).toBe('{"mine":"theirs"}');
});
