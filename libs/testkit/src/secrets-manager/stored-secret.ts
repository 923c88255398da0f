/**
 * One secret with its versions and their staging labels, by what the API reference of AWS Secrets Manager says of each action,
 * and in its quotas. It refuses at least what the service refuses.
 */
import { AwsRefusal } from './aws-refusal';

export type Members = Readonly<Record<string, unknown>>;

interface Version {
  id: string;
  text: string;
  stages: Set<string>;
}

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';
const MOST_BYTES = 65_536;
/** A version id, and so a ClientRequestToken. */
const isToken = (value: unknown): value is string => typeof value === 'string' && /^.{32,64}$/.test(value);

export class StoredSecret {
  /** Marked for deletion: nothing else is possible any more. */
  isDeleted = false;
  private readonly versions = new Map<string, Version>();

  constructor(
    readonly arn: string,
    readonly name: string,
  ) {}

  /** Version ids of a label, and the text of a version: for specs to look. */
  holder(stage: string): Version | undefined {
    return [...this.versions.values()].find(({ stages }) => stages.has(stage));
  }

  get size(): number {
    return this.versions.size;
  }

  get(asked: Members): Members {
    this.requireWhole();
    const { VersionId: id, VersionStage: stage = id === undefined ? CURRENT : undefined } = asked;
    const version = id === undefined ? this.holder(String(stage)) : this.versions.get(String(id));
    if (version === undefined || (stage !== undefined && !version.stages.has(String(stage))))
      throw notFound(
        id === undefined ? `value for staging label: ${String(stage)}` : `value for VersionId: ${String(id)}`,
      );
    return { ...this.named(version), SecretString: version.text, CreatedDate: Date.now() / 1_000 };
  }

  describe(): Members {
    const stages = [...this.versions.values()].map((version) => [version.id, [...version.stages]]);
    return { ARN: this.arn, Name: this.name, VersionIdsToStages: Object.fromEntries(stages) };
  }

  put({ ClientRequestToken: token, SecretString: text, VersionStages: stages = [CURRENT] }: Members): Members {
    this.requireWhole();
    if (!isToken(token)) throw invalid('ClientRequestToken must be 32-64 characters long.');
    if (typeof text !== 'string' || text === '') throw invalid('You must provide either SecretString or SecretBinary.');
    if (Buffer.byteLength(text) > MOST_BYTES) throw invalid(`SecretString must have at most ${MOST_BYTES} bytes.`);
    if (!Array.isArray(stages) || stages.length === 0 || stages.length > 20) throw invalid('1 to 20 VersionStages.');
    const known = this.versions.get(token);
    if (known !== undefined && known.text !== text)
      throw new AwsRefusal('ResourceExistsException', `A version with the token ${token} already exists.`);
    // The same again is ignored: labels that have moved on meanwhile stay where they are.
    return this.named(known ?? this.added(token, text, stages.map(String)));
  }

  moveStage({ VersionStage: stage, MoveToVersionId: to, RemoveFromVersionId: from }: Members): Members {
    this.requireWhole();
    if (typeof stage !== 'string' || stage === '') throw invalid('VersionStage is required.');
    const holder = this.holder(stage);
    const target = to === undefined ? undefined : this.versions.get(String(to));
    if (to !== undefined && target === undefined) throw notFound(`version: ${String(to)}`);
    if (holder !== undefined && from === undefined && holder !== target)
      throw invalid(
        `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ` +
          `${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    if (from !== undefined && holder?.id !== from)
      throw invalid(`RemoveFromVersionId must be the version that currently has the staging label ${stage}.`);
    if (target === undefined && stage === CURRENT)
      throw invalid(`You can only move staging label ${CURRENT} to a different secret version.`);
    holder?.stages.delete(stage);
    if (target !== undefined) this.label(target, stage, holder);
    return { ARN: this.arn, Name: this.name };
  }

  private added(id: string, text: string, stages: readonly string[]): Version {
    const version: Version = { id, text, stages: new Set() };
    const isFirst = this.versions.size === 0;
    this.versions.set(id, version);
    for (const stage of new Set(isFirst ? [...stages, CURRENT] : stages)) {
      const holder = this.holder(stage);
      holder?.stages.delete(stage);
      this.label(version, stage, holder);
    }
    return version;
  }

  private label(version: Version, stage: string, before: Version | undefined): void {
    version.stages.add(stage);
    if (stage !== CURRENT || before === undefined || before === version) return;
    this.holder(PREVIOUS)?.stages.delete(PREVIOUS);
    before.stages.add(PREVIOUS);
  }

  private named({ id, stages }: Version): Members {
    return { ARN: this.arn, Name: this.name, VersionId: id, VersionStages: [...stages] };
  }

  private requireWhole(): void {
    if (this.isDeleted)
      throw new AwsRefusal(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
  }
}

const invalid = (message: string): AwsRefusal => new AwsRefusal('InvalidParameterException', message);

export const notFound = (what: string): AwsRefusal =>
  new AwsRefusal('ResourceNotFoundException', `Secrets Manager can't find the specified secret ${what}.`);
