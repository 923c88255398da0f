import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { isLoopback } from '@plexsphere/bus-client';
import { SinkError, type Place } from '../sink-error';

// It tells of versions to come, and would tell it on standard error at each start; which version this is our lock file says.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const CONNECTED_WITHIN_MS = 3_000;
const ANSWERED_WITHIN_MS = 5_000;

/**
 * A client of the region that an ARN names. Credentials, and an endpoint of another name (AWS_ENDPOINT_URL), come from where
 * the AWS SDK finds them; wherever that is, no secret goes there in the clear.
 */
export function awsClient(arn: string, place: Place, allowPlaintext: boolean): SecretsManagerClient {
  const client = new SecretsManagerClient({
    region: regionOf(arn),
    requestHandler: {
      ...{ connectionTimeout: CONNECTED_WITHIN_MS, requestTimeout: ANSWERED_WITHIN_MS },
      throwOnRequestTimeout: true,
    },
  });
  if (!allowPlaintext)
    client.middlewareStack.add(
      (next) => (sent) => {
        if (isInTheClear(sent.request)) throw new SinkError('plaintext_beyond_loopback', place);
        return next(sent);
      },
      { step: 'finalizeRequest', name: 'plaintextStaysHere', priority: 'high' },
    );
  return client;
}

const regionOf = (arn: string): string => arn.split(':')[3] ?? '';

/** An address that cannot be read is not sent to either. */
function isInTheClear(request: unknown): boolean {
  const { protocol, hostname } = request as { protocol?: string; hostname?: string };
  return protocol !== 'https:' && !isLoopback({ host: (hostname ?? '').replace(/^\[|\]$/g, '') });
}
