/** AWS Signature Version 4 (IAM User Guide, "Create a signed AWS API request"), of a POST to `/` with no query. */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AwsRefusal } from './aws-refusal';

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
}

const FORM =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/secretsmanager\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;
/** What a signature has to cover. */
const COVERED = ['host', 'x-amz-date', 'x-amz-target'];
const FRESH_FOR_MS = 300_000;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** @throws AwsRefusal */
export function checkSignature(
  headers: IncomingHttpHeaders,
  body: string,
  { accessKeyId, secretAccessKey, region }: AwsCredentials & { region: string },
): void {
  const { authorization } = headers;
  if (authorization === undefined)
    throw new AwsRefusal('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, id, day = '', inRegion, names = '', signature] = FORM.exec(authorization) ?? [];
  const signed = names.split(';');
  if (id === undefined || !COVERED.every((name) => signed.includes(name)))
    throw new AwsRefusal('IncompleteSignatureException', 'The request signature does not conform to AWS standards.');
  if (id !== accessKeyId)
    throw new AwsRefusal('UnrecognizedClientException', 'The security token included in the request is invalid.');
  const at = String(headers['x-amz-date']);
  if (inRegion !== region || !at.startsWith(day) || !isFresh(at))
    throw new AwsRefusal('InvalidSignatureException', 'Credential should be scoped to a valid region, and be fresh.');
  const lines = signed.map((name) => `${name}:${String(headers[name]).trim()}\n`).join('');
  const canonical = ['POST', '/', '', lines, names, hash(body)].join('\n');
  const scope = `${day}/${region}/secretsmanager/aws4_request`;
  const key = [day, region, 'secretsmanager', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  if (hmac(key, ['AWS4-HMAC-SHA256', at, scope, hash(canonical)].join('\n')).toString('hex') !== signature)
    throw new AwsRefusal('InvalidSignatureException', 'The request signature we calculated does not match.');
}

function isFresh(at: string): boolean {
  const time = Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return Math.abs(Date.now() - time) < FRESH_FOR_MS;
}
