import type { IncomingMessage } from 'node:http';
import { OAuthError, invalidRequest } from './oauth-error';
import { parseForm, type Form } from './form';

/** An assertion by RSA of 4,096 bits, a secret, fifty scopes: far less. */
const MOST_BYTES = 16 * 1_024;

const FORM = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i;

/**
 * The form that a request brings. What says that it is longer than any is refused before a byte of it is read.
 * @throws OAuthError invalid_request: 415, 413, 400
 */
export async function readForm(request: IncomingMessage): Promise<Form> {
  const {
    'content-type': type = '',
    'content-encoding': encoding = 'identity',
    'content-length': length,
  } = request.headers;
  if (!FORM.test(type) || encoding.toLowerCase() !== 'identity') {
    throw new OAuthError('invalid_request', 'the request is no form: application/x-www-form-urlencoded', {
      status: 415,
    });
  }
  if (Number(length ?? 0) > MOST_BYTES) throw tooLong();
  return parseForm(textOf(await bodyOf(request)));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      if ((bytes += part.length) > MOST_BYTES) break;
      parts.push(part);
    }
  } catch {
    // Nobody hears it: whoever asked has gone.
    throw invalidRequest('the request broke off');
  }
  if (bytes > MOST_BYTES) throw tooLong();
  return Buffer.concat(parts);
}

function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw invalidRequest('the request is not in form encoding');
  }
}

const tooLong = (): OAuthError =>
  new OAuthError('invalid_request', `a request has at most ${MOST_BYTES} bytes`, { status: 413 });
