/** `--to`: a kind of target, and where it is. A new kind is a row here. */
import { isAbsolute, normalize } from 'node:path';
import type { Place } from '../sink-error';
import { FileTarget } from './file-target';
import type { Target } from './target';

interface Opening {
  place: Place;
  allowPlaintext: boolean;
}

interface TargetKind {
  accepts(where: string): boolean;
  open(where: string, opening: Opening): Promise<Target>;
}

const KINDS: Readonly<Record<string, TargetKind>> = {
  file: {
    // In one spelling, so that two rings are not given one file.
    accepts: (path) => isAbsolute(path) && normalize(path) === path && !path.endsWith('/'),
    open: (path, { place }) => Promise.resolve(new FileTarget(path, place)),
  },
  aws: {
    accepts: (arn) =>
      /^arn:aws[a-z-]{0,16}:secretsmanager:[a-z0-9-]{1,32}:\d{12}:secret:[A-Za-z0-9/_+=.@-]{1,519}$/.test(arn),
    async open(arn, { place, allowPlaintext }) {
      // Loaded where it is used: the AWS SDK is more than all the rest.
      const [{ AwsTarget }, { awsClient }] = await Promise.all([import('./aws-target'), import('./aws-client')]);
      return new AwsTarget(arn, place, awsClient(arn, place, allowPlaintext));
    },
  },
};

export const TARGET_FORM = 'file:/<path> or aws:arn:aws:secretsmanager:<region>:<account>:secret:<name>';

export const isTarget = (text: string): boolean => {
  const { kind, where } = parts(text);
  return kind?.accepts(where) === true;
};

export async function openTarget(text: string, opening: Opening): Promise<Target> {
  const { kind, where } = parts(text);
  if (kind === undefined) throw new Error(`no kind of target: ${text}`);
  return kind.open(where, opening);
}

function parts(text: string): { kind: TargetKind | undefined; where: string } {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(0, colon));
  return { kind: Object.hasOwn(KINDS, name) ? KINDS[name] : undefined, where: text.slice(colon + 1) };
}
