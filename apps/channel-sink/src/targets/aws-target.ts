/**
 * A secret of AWS Secrets Manager, which somebody has made for this sink. A write is two steps: the new version comes in as
 * AWSPENDING, which nobody reads; read back it becomes AWSCURRENT, and only in the place of the version that was found.
 */
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SinkError, type Place } from '../sink-error';
import { awsFailure } from './aws-failure';
import type { Found, Replacing, Target } from './target';

const CURRENT = 'AWSCURRENT';
const PENDING = 'AWSPENDING';

export class AwsTarget implements Target {
  private readonly secret: { SecretId: string };

  constructor(
    arn: string,
    private readonly place: Place,
    private readonly client: Pick<SecretsManagerClient, 'send'>,
  ) {
    this.secret = { SecretId: arn };
  }

  async read(): Promise<Found | undefined> {
    try {
      const command = new GetSecretValueCommand({ ...this.secret, VersionStage: CURRENT });
      const { SecretString: text, VersionId: version } = await this.client.send(command);
      if (text === undefined || version === undefined) throw new SinkError('target_malformed', this.place);
      return { text, version };
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw this.failed(error);
    }
    // It may be that the secret is not there, or that nothing was ever written to it: the answer is the same.
    await this.tried(this.client.send(new DescribeSecretCommand(this.secret)));
    return undefined;
  }

  async replace(text: string, { found, token }: Replacing): Promise<void> {
    const put = { ...this.secret, ClientRequestToken: token, SecretString: text, VersionStages: [PENDING] };
    // Again with the same token and text it is ignored, so it does not matter where an earlier try has ended.
    await this.tried(this.client.send(new PutSecretValueCommand(put)), 'ResourceExistsException');
    const written = await this.tried(this.client.send(new GetSecretValueCommand({ ...this.secret, VersionId: token })));
    if (written.SecretString !== text) throw new SinkError('not_read_back', this.place);
    // The first version of a secret is its current one whatever it was put as.
    if (written.VersionStages?.includes(CURRENT)) return;
    const move = {
      ...{ ...this.secret, VersionStage: CURRENT, MoveToVersionId: token },
      // Refused where another version is the current one by now: that is how a change of somebody else's is never lost.
      ...(found === undefined ? {} : { RemoveFromVersionId: found.version }),
    };
    await this.tried(this.client.send(new UpdateSecretVersionStageCommand(move)), 'InvalidParameterException');
  }

  /** `changed`: the name of the exception by which this step says that somebody else has changed the secret. */
  private async tried<T>(answer: Promise<T>, changed?: string): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw this.failed(error, changed);
    }
  }

  private failed(error: unknown, changed?: string): SinkError {
    return error instanceof SinkError ? error : awsFailure(error, this.place, changed);
  }
}
