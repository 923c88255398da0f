// The fake refuses what the real one refuses, as the real client sees it. Each row names what of the API reference of AWS
// Secrets Manager it stands on.
import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { FakeSecretsManager, type StoredSecret } from '@plexsphere/testkit';

// It tells of versions to come.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const fake = new FakeSecretsManager();
let endpoint: string;
let client: SecretsManagerClient;
let secret: StoredSecret;

const clientWith = (over: object): SecretsManagerClient =>
  new SecretsManagerClient({
    endpoint,
    region: 'eu-central-1',
    credentials: fake.credentials,
    maxAttempts: 1,
    ...over,
  });

beforeAll(async () => {
  endpoint = await fake.start();
  client = clientWith({});
});
afterAll(async () => {
  client.destroy();
  await fake.stop();
});
beforeEach(() => {
  secret = fake.make(`of-${randomUUID()}`, 'first');
});

const put = (over: object = {}) =>
  new PutSecretValueCommand({
    ...{ SecretId: secret.arn, SecretString: 'second', ClientRequestToken: randomUUID() },
    ...{ VersionStages: ['AWSPENDING'], ...over },
  });
const move = (over: object) =>
  new UpdateSecretVersionStageCommand({ SecretId: secret.arn, VersionStage: 'AWSCURRENT', ...over });
const get = (over: object = {}) => new GetSecretValueCommand({ SecretId: secret.arn, ...over });

const refusal = async (answer: Promise<unknown>): Promise<string> => {
  try {
    await answer;
  } catch (error) {
    return (error as Error).name;
  }
  return 'done';
};

test('a version comes in as pending, becomes the current one, and the one before the previous', async () => {
  const { VersionId: second = '' } = await client.send(put());
  expect(await client.send(get())).toMatchObject({ SecretString: 'first', VersionStages: ['AWSCURRENT'] });
  expect(await client.send(get({ VersionStage: 'AWSPENDING' }))).toMatchObject({ SecretString: 'second' });
  const first = secret.holder('AWSCURRENT')?.id;
  await client.send(move({ MoveToVersionId: second, RemoveFromVersionId: first }));
  expect(await client.send(get())).toMatchObject({ SecretString: 'second', VersionId: second });
  expect(secret.holder('AWSPREVIOUS')?.id).toBe(first);
  const { VersionIdsToStages: stages } = await client.send(new DescribeSecretCommand({ SecretId: secret.arn }));
  expect(stages).toEqual({ [first ?? '']: ['AWSPREVIOUS'], [second]: ['AWSPENDING', 'AWSCURRENT'] });
});

test('PutSecretValue, ClientRequestToken: the same again is ignored, labels that have moved on stay', async () => {
  const token = randomUUID();
  await client.send(put({ ClientRequestToken: token }));
  await client.send(put({ SecretString: 'third' }));
  expect(await client.send(put({ ClientRequestToken: token }))).toMatchObject({ VersionId: token });
  expect(secret.holder('AWSPENDING')?.text).toBe('third');
});

test('PutSecretValue, description: the first version is the current one, whatever it was put as', async () => {
  secret = fake.make(`empty-${randomUUID()}`);
  expect(await client.send(put())).toMatchObject({ VersionStages: ['AWSPENDING', 'AWSCURRENT'] });
});

describe('is refused', () => {
  const other = (): SecretsManagerClient =>
    clientWith({ credentials: { ...fake.credentials, accessKeyId: 'AKIAOTHER' } });
  const forged = (): SecretsManagerClient =>
    clientWith({ credentials: { ...fake.credentials, secretAccessKey: 'another' } });
  const elsewhere = (): SecretsManagerClient => clientWith({ region: 'us-east-1' });
  const used = async (): Promise<unknown> => {
    const token = randomUUID();
    await client.send(put({ ClientRequestToken: token }));
    return client.send(put({ ClientRequestToken: token, SecretString: 'other' }));
  };
  const moved = async (over: object): Promise<unknown> => {
    const { VersionId } = await client.send(put());
    return client.send(move({ MoveToVersionId: VersionId, ...over }));
  };
  const deleted = (): Promise<unknown> => {
    secret.isDeleted = true;
    return client.send(put());
  };
  const unknown = { SecretId: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:none-AbCdEf' };

  test.each<[string, string, () => Promise<unknown>]>([
    ['PutSecretValue, ClientRequestToken: another value under a used one', 'ResourceExistsException', used],
    [
      'quotas: a value of more than 65,536 bytes',
      'InvalidParameterException',
      () => client.send(put({ SecretString: 'é'.repeat(32_769) })),
    ],
    [
      'PutSecretValue, ClientRequestToken: shorter than 32 characters',
      'InvalidParameterException',
      () => client.send(put({ ClientRequestToken: 'short' })),
    ],
    ['PutSecretValue, errors: marked for deletion', 'InvalidRequestException', deleted],
    ['PutSecretValue, errors: no such secret', 'ResourceNotFoundException', () => client.send(put(unknown))],
    ['GetSecretValue, errors: no such secret', 'ResourceNotFoundException', () => client.send(get(unknown))],
    [
      'GetSecretValue, errors: no such version',
      'ResourceNotFoundException',
      () => client.send(get({ VersionId: randomUUID() })),
    ],
    [
      'GetSecretValue, errors: no version of this label',
      'ResourceNotFoundException',
      () => client.send(get({ VersionStage: 'AWSPENDING' })),
    ],
    [
      'UpdateSecretVersionStage, RemoveFromVersionId: not the version that has the label',
      'InvalidParameterException',
      () => moved({ RemoveFromVersionId: randomUUID() }),
    ],
    [
      'UpdateSecretVersionStage, RemoveFromVersionId: none, while another version has the label',
      'InvalidParameterException',
      () => moved({}),
    ],
    [
      'UpdateSecretVersionStage, errors: to no version',
      'ResourceNotFoundException',
      () => client.send(move({ MoveToVersionId: randomUUID(), RemoveFromVersionId: secret.holder('AWSCURRENT')?.id })),
    ],
    [
      'UpdateSecretVersionStage: the current label taken away',
      'InvalidParameterException',
      () => client.send(move({ RemoveFromVersionId: secret.holder('AWSCURRENT')?.id })),
    ],
    ['common errors: an access key that is none', 'UnrecognizedClientException', () => other().send(get())],
    ['Signature Version 4: by another secret', 'InvalidSignatureException', () => forged().send(get())],
    ['Signature Version 4: for another region', 'InvalidSignatureException', () => elsewhere().send(get())],
    [
      'an action that a sink has no use for',
      'UnknownOperationException',
      () => client.send(new ListSecretsCommand({})),
    ],
  ])('%s', async (_, name, work) => expect(await refusal(work())).toBe(name));

  test('common errors: no signature', async () => {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' };
    const answer = await fetch(endpoint, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
  });
});
