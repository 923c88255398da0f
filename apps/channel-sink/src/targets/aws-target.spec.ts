// By the real client, against a strict fake of the service (its own refusals: fake-secrets-manager.spec.ts).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FakeSecretsManager, temporaryFolder, type StoredSecret } from '@plexsphere/testkit';
import { hex, map, ring } from '../../testing/keys';
import { RecordFile } from '../record/record-file';
import { SinkError } from '../sink-error';
import { RingWriter } from '../writer/ring-writer';
import { awsClient } from './aws-client';
import { AwsTarget } from './aws-target';
import { openTarget } from './target-of';

const fake = new FakeSecretsManager();
const folders = temporaryFolder();
const environment = { ...process.env };
let secret: StoredSecret;
let store: string;
let count = 0;

beforeAll(async () => {
  Object.assign(process.env, fake.environment(await fake.start()));
});
afterAll(async () => {
  process.env = environment;
  await fake.stop();
});
beforeEach(() => {
  secret = fake.make(`channel-${(count += 1)}`);
  store = join(folders, `${count}`);
  mkdirSync(store);
  fake.reset();
});

const place = () => ({ ring: 'a-to-b', target: `aws:${secret.arn}` });
const target = (): AwsTarget => new AwsTarget(secret.arn, place(), awsClient(secret.arn, place(), false));
/** Each is a process that has just started. */
const writer = (takeOver = false): RingWriter =>
  new RingWriter({
    ...{ place: place(), target: target(), records: new RecordFile(store, place()), use: 'verify', format: 'map' },
    ...{ nodeId: '0b6f3c9e-7f3b-4b8e-9a3d-5d5f6a7b8c9d', scope: 'channel:chat:a-to-b', encoding: 'hex', takeOver },
    logger: { info: () => undefined, warn: () => undefined },
  });

const current = (): string | undefined => secret.holder('AWSCURRENT')?.text;
const actions = (): string[] => fake.asked.map(({ action }) => action);
const refused = async (work: Promise<unknown>): Promise<SinkError> => {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(SinkError);
    expect((error as SinkError).message).not.toContain(hex('k1'));
    return error as SinkError;
  }
  throw new Error('was written');
};

test('a new version is pending, is read back, becomes the current one, and is read back', async () => {
  await writer().write(ring('*k1'), 1);
  const before = secret.holder('AWSCURRENT')?.id;
  fake.asked.length = 0;
  await writer().write(ring('k2 *k1'), 2);
  expect(current()).toBe(map('k2 k1'));
  expect(actions()).toEqual([
    'GetSecretValue',
    'PutSecretValue',
    'GetSecretValue',
    'UpdateSecretVersionStage',
    'GetSecretValue',
  ]);
  const [, put, , move] = fake.asked;
  expect(put).toMatchObject({ stages: ['AWSPENDING'], token: secret.holder('AWSCURRENT')?.id });
  expect(move).toMatchObject({ from: before, to: put?.token });
  expect(secret.holder('AWSPREVIOUS')?.text).toBe(map('k1'));
});

test('a secret that was never written to has its first version at once', async () => {
  await writer().write(ring('*k1'), 1);
  expect(actions()).toEqual(['GetSecretValue', 'DescribeSecret', 'PutSecretValue', 'GetSecretValue', 'GetSecretValue']);
});

test('what source 003 has left there is taken over, and goes with the first close', async () => {
  fake.changeByHand(secret, JSON.stringify({ 'key-v1': 'old-secret-value' }));
  expect((await refused(writer().write(ring('*k1'), 1))).code).toBe('target_foreign');
  expect(await writer(true).write(ring('*k1'), 1)).toEqual({ takenOver: ['key-v1'] });
  expect(current()).toBe(map('k1', { 'key-v1': 'old-secret-value' }));
  await writer(true).write(ring('*k2'), 2);
  expect(current()).toBe(map('k2'));
});

describe('is refused', () => {
  test('a change that comes between the look and the switch: theirs is not lost', async () => {
    await writer().write(ring('*k1'), 1);
    fake.trouble({ action: 'UpdateSecretVersionStage', before: () => fake.changeByHand(secret, '{"mine":"theirs"}') });
    const error = await refused(writer().write(ring('k2 *k1'), 2));
    expect(error).toMatchObject({ code: 'target_changed', reason: 'InvalidParameterException' });
    expect(current()).toBe('{"mine":"theirs"}');
    expect((await refused(writer().write(ring('k2 *k1'), 2))).code).toBe('target_changed');
  });

  test('an older version that somebody made the current one again', async () => {
    await writer().write(ring('*k1'), 1);
    const first = secret.holder('AWSCURRENT')?.id;
    await writer().write(ring('k2 *k1'), 2);
    const { id } = secret.holder('AWSCURRENT') ?? {};
    secret.moveStage({ VersionStage: 'AWSCURRENT', MoveToVersionId: first, RemoveFromVersionId: id });
    expect((await refused(writer().write(ring('*k2'), 3))).code).toBe('target_changed');
    expect(current()).toBe(map('k1'));
  });

  test('a token under which somebody else has put another value', async () => {
    const { arn } = secret;
    const token = '0b6f3c9e-7f3b-5b8e-9a3d-5d5f6a7b8c9d';
    secret.put({ ClientRequestToken: token, SecretString: 'theirs' });
    const found = await target().read();
    const error = await refused(target().replace('ours', { found, token }));
    expect(error).toMatchObject({ code: 'target_changed', reason: 'ResourceExistsException' });
    expect(error.message).toContain(`ring a-to-b, target aws:${arn}`);
  });

  test('what is read back as another text, before anybody reads it', async () => {
    await writer().write(ring('*k1'), 1);
    fake.trouble({ action: 'GetSecretValue', before: () => undefined });
    fake.trouble({ action: 'GetSecretValue', answers: { SecretString: 'half of i', VersionId: 'x' } });
    expect((await refused(writer().write(ring('k2 *k1'), 2))).code).toBe('not_read_back');
    expect(current()).toBe(map('k1'));
  });

  test('a secret that is binary', async () => {
    fake.changeByHand(secret, 'any');
    fake.trouble({ action: 'GetSecretValue', answers: { SecretBinary: 'AA==', VersionId: 'x' } });
    expect((await refused(target().read())).code).toBe('target_malformed');
  });

  test.each([
    ['AccessDeniedException', 'target_denied'],
    ['UnrecognizedClientException', 'target_denied'],
    ['DecryptionFailure', 'target_refused'],
    ['InvalidRequestException', 'target_refused'],
  ])('%s, by its name alone', async (refusal, code) => {
    fake.trouble({ action: 'GetSecretValue', refusal });
    expect(await refused(writer().write(ring('*k1'), 1))).toMatchObject({ code, reason: refusal });
  });

  test('a secret that is not there', async () => {
    const other = `${secret.arn}x`;
    const missing = new AwsTarget(other, place(), awsClient(other, place(), false));
    expect((await refused(missing.read())).code).toBe('target_missing');
  });

  test('an endpoint beyond this machine that is not behind TLS, before anything is sent', async () => {
    const { AWS_ENDPOINT_URL: endpoint } = process.env;
    process.env['AWS_ENDPOINT_URL'] = 'http://secrets.example:4566';
    try {
      const open = (): ReturnType<typeof openTarget> =>
        openTarget(place().target, { place: place(), allowPlaintext: false });
      expect((await refused((await open()).read())).code).toBe('plaintext_beyond_loopback');
    } finally {
      process.env['AWS_ENDPOINT_URL'] = endpoint;
    }
  });

  test('a service that is away', async () => {
    const away = awsClient(secret.arn, place(), false);
    const { AWS_ENDPOINT_URL: endpoint } = process.env;
    process.env['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:1';
    try {
      expect((await refused(new AwsTarget(secret.arn, place(), away).read())).code).toBe('target_unreachable');
    } finally {
      process.env['AWS_ENDPOINT_URL'] = endpoint;
    }
  });
});

describe('goes on', () => {
  const lost = (action: 'PutSecretValue' | 'UpdateSecretVersionStage', times: number): void => {
    for (let time = 0; time < times; time += 1) fake.trouble({ action, after: 'cut' });
  };

  test.each(['PutSecretValue', 'UpdateSecretVersionStage'] as const)(
    'where the answer to %s is lost, once or each time',
    async (action) => {
      await writer().write(ring('*k1'), 1);
      lost(action, 1);
      await writer().write(ring('k2 *k1'), 2);
      expect(current()).toBe(map('k2 k1'));
      lost(action, 3);
      await writer()
        .write(ring('*k2'), 3)
        .catch(() => writer().write(ring('*k2'), 3));
      expect(current()).toBe(map('k2'));
      // One a text: no version was made twice.
      expect(secret.size).toBe(3);
    },
  );

  test('after it ended between the two steps, under the same token', async () => {
    await writer().write(ring('*k1'), 1);
    for (let time = 0; time < 3; time += 1)
      fake.trouble({ action: 'UpdateSecretVersionStage', refusal: 'InternalServiceError' });
    await refused(writer().write(ring('k2 *k1'), 2));
    expect([current(), secret.holder('AWSPENDING')?.text]).toEqual([map('k1'), map('k2 k1')]);
    await writer().write(ring('k2 *k1'), 2);
    expect([current(), secret.size]).toEqual([map('k2 k1'), 2]);
    const tokens = new Set(fake.asked.flatMap(({ action, token }) => (action === 'PutSecretValue' ? [token] : [])));
    expect(tokens.size).toBe(2);
  });

  test('after it ended behind the second one, before it could read back', async () => {
    await writer().write(ring('*k1'), 1);
    const ending = new RingWriter({
      ...{ place: place(), records: new RecordFile(store, place()), use: 'verify', format: 'map', encoding: 'hex' },
      ...{ nodeId: '0b6f3c9e-7f3b-4b8e-9a3d-5d5f6a7b8c9d', scope: 'channel:chat:a-to-b', takeOver: false },
      logger: { info: () => undefined, warn: () => undefined },
      target: endsBehind(target()),
    });
    await expect(ending.write(ring('k2 *k1'), 2)).rejects.toThrow('ended');
    expect(current()).toBe(map('k2 k1'));
    await writer().write(ring('*k2'), 3);
    expect(current()).toBe(map('k2'));
  });
});

/** A target that is never read again after it was written. */
function endsBehind(whole: AwsTarget): Pick<AwsTarget, 'read' | 'replace'> {
  let isWritten = false;
  return {
    read: () => (isWritten ? Promise.reject(new Error('ended')) : whole.read()),
    async replace(text, options) {
      await whole.replace(text, options);
      isWritten = true;
    },
  };
}
