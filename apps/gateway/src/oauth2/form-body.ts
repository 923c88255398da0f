import { isUtf8 } from 'node:buffer';
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

/** By its events: an iterator over it would take as long as all else that is done with a form. */
function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    const take = (part: Buffer): void => {
      bytes += part.length;
      if (bytes <= MOST_BYTES) return void parts.push(part);
      request.off('data', take).pause();
      reject(tooLong());
    };
    // Nobody hears it: whoever asked has gone.
    const brokeOff = (): void => reject(invalidRequest('the request broke off'));
    request
      .on('data', take)
      .once('end', () => {
        request.off('close', brokeOff);
        resolve(Buffer.concat(parts));
      })
      .once('error', brokeOff)
      .once('close', brokeOff);
  });
}

function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw invalidRequest('the request is not in form encoding');
  return body.toString();
}

const tooLong = (): OAuthError =>
  new OAuthError('invalid_request', `a request has at most ${MOST_BYTES} bytes`, { status: 413 });
