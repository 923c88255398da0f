/**
 * AWS Secrets Manager, as much of it as a sink uses: over HTTP, by its own protocol (AWS JSON 1.1) and with its signatures, so
 * that the real client is tried. Trouble is arranged request by request.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsRefusal } from './aws-refusal';
import { checkSignature, type AwsCredentials } from './check-signature';
import { StoredSecret, notFound, type Members } from './stored-secret';

const REGION = 'eu-central-1';
const ACCOUNT = '123456789012';
const CONTENT_TYPE = 'application/x-amz-json-1.1';
const MOST_BYTES = 1_048_576;

type Action = 'DescribeSecret' | 'GetSecretValue' | 'PutSecretValue' | 'UpdateSecretVersionStage';

const ACTIONS: Readonly<Record<Action, (secret: StoredSecret, asked: Members) => Members>> = {
  DescribeSecret: (secret) => secret.describe(),
  GetSecretValue: (secret, asked) => secret.get(asked),
  PutSecretValue: (secret, asked) => secret.put(asked),
  UpdateSecretVersionStage: (secret, asked) => secret.moveStage(asked),
};

/** What happens to one request, beside what it asks for. */
interface Trouble {
  action: Action;
  /** Before it is looked at: somebody else's change, say. */
  before?: (secret: StoredSecret | undefined) => void;
  /** Done, and no answer: the connection is cut, or nothing more comes. */
  after?: 'cut' | 'silence';
  /** In the place of the true answer. */
  answers?: Members;
  /** In the place of being done. */
  refusal?: string;
  reached?: () => void;
}

export class FakeSecretsManager {
  readonly credentials: AwsCredentials = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: randomUUID() };
  /** What was asked for, in order, with no secret in it. */
  readonly asked: { action: string; token?: unknown; stages?: unknown; from?: unknown; to?: unknown }[] = [];
  private readonly secrets = new Map<string, StoredSecret>();
  private readonly troubles: Trouble[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** As somebody makes a secret by hand: with a value, or without. */
  make(name: string, text?: string): StoredSecret {
    const secret = new StoredSecret(`arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-AbCdEf`, name);
    this.secrets.set(secret.arn, secret);
    if (text !== undefined) this.changeByHand(secret, text);
    return secret;
  }

  /** `aws secretsmanager update-secret`, as source 003 does it. */
  changeByHand(secret: StoredSecret, text: string): void {
    secret.put({ ClientRequestToken: randomUUID(), SecretString: text });
  }

  /** What was asked for is forgotten, and so is what was to happen. */
  reset(): void {
    this.asked.length = 0;
    this.troubles.length = 0;
  }

  /** Of the next request of this kind that has none. */
  trouble(trouble: Trouble): void {
    this.troubles.push(trouble);
  }

  /** Resolves once such a request was done, whose answer never comes. */
  silentAfter(action: Action): Promise<void> {
    return new Promise((reached) => this.trouble({ action, after: 'silence', reached }));
  }

  /** The environment of a client. */
  environment(url: string): Record<string, string> {
    const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = this.credentials;
    // No look at the machine's own: neither files nor the network.
    const nowhere = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
    return { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...nowhere };
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await bodyOf(request);
      checkSignature(request.headers, body, { ...this.credentials, region: REGION });
      const action = actionOf(request);
      const asked = objectOf(body);
      const trouble = this.takeTrouble(action);
      const answer = this.done(action, asked, trouble);
      trouble?.reached?.();
      if (trouble?.after === 'cut') request.socket.destroy();
      if (trouble?.after === undefined) reply(response, 200, trouble?.answers ?? answer);
    } catch (error) {
      const { name, message, status } =
        error instanceof AwsRefusal ? error : new AwsRefusal('InternalServiceError', String(error), 500);
      reply(response, status, { __type: name, Message: message });
    }
  }

  private done(action: Action, asked: Members, trouble: Trouble | undefined): Members {
    const { ClientRequestToken: token, VersionStages: stages, RemoveFromVersionId: from, MoveToVersionId: to } = asked;
    this.asked.push({ action, token, stages, from, to });
    const secret = this.secrets.get(String(asked['SecretId']));
    trouble?.before?.(secret);
    if (trouble?.refusal !== undefined) throw arranged(trouble.refusal);
    if (secret === undefined) throw notFound('');
    return ACTIONS[action](secret, asked);
  }

  private takeTrouble(action: Action): Trouble | undefined {
    const index = this.troubles.findIndex((trouble) => trouble.action === action);
    return index < 0 ? undefined : this.troubles.splice(index, 1)[0];
  }
}

/** What is the service's own fault has a status of its own, at which the client tries again. */
const arranged = (name: string): AwsRefusal =>
  new AwsRefusal(name, 'as arranged', name === 'InternalServiceError' ? 500 : 400);

function actionOf({ method, url, headers }: IncomingMessage): Action {
  const action = String(headers['x-amz-target']).replace(/^secretsmanager\./, '');
  if (method !== 'POST' || url !== '/' || !Object.hasOwn(ACTIONS, action))
    throw new AwsRefusal('UnknownOperationException', 'The operation is not known.');
  if (headers['content-type'] !== CONTENT_TYPE)
    throw new AwsRefusal('SerializationException', 'The content type is not known.');
  return action as Action;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new AwsRefusal('RequestEntityTooLargeException', 'too large', 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function objectOf(body: string): Members {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null) return value as Members;
  } catch {
    // As anything else that is no object.
  }
  throw new AwsRefusal('SerializationException', 'The body is no object.');
}

function reply(response: ServerResponse, status: number, members: Members): void {
  response.writeHead(status, { 'content-type': CONTENT_TYPE, 'x-amzn-requestid': randomUUID() });
  response.end(JSON.stringify(members));
}
