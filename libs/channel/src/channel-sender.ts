import { ChannelError } from './channel-error';
import { callHeaders } from './call/sign-call';
import { readTarget } from './call/target';
import type { ChannelKey, ChannelKeys } from './keys/channel-keys';
import { tell, type ChannelObserver } from './observer';
import { oppositeOf } from './ring';
import { isWebhookId, webhookHeaders } from './webhook/webhook-headers';
import { haveShortSecret, keysInUse } from './whose';

export interface ChannelSenderOptions {
  /** `channel:<slug>:<a>-to-<b>`, where this end is a. */
  scope: string;
  keys: ChannelKeys;
  observer?: ChannelObserver | undefined;
}

/** What is sent: bytes, so that those are sent that are signed. */
export type SentBody = string | Uint8Array<ArrayBuffer>;

export interface SentCall {
  /** GET where it is not said. */
  method?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: SentBody | undefined;
}

export interface SentWebhook {
  /** Of the event: a retry has the same one. */
  id: string;
  headers?: Readonly<Record<string, string>> | undefined;
  body: SentBody;
}

/** As `fetch` takes it, and most others. */
export interface SignedInit {
  method: string;
  headers: Record<string, string>;
  body?: SentBody;
  /** A signature is for one path: it is no other server's to send elsewhere. */
  redirect: 'error';
}

/** The one end of a direction. What it signs is for now: sign again what is sent again. */
export class ChannelSender {
  /** @throws ChannelError `option_invalid` */
  constructor(private readonly options: ChannelSenderOptions) {
    oppositeOf(options.scope);
  }

  /**
   * A request signed by RFC 9421: `fetch(...(await sender.call(url, { method: 'POST', body })))`.
   * @throws ChannelError
   */
  async call(url: string | { readonly href: string }, call: SentCall = {}): Promise<[string, SignedInit]> {
    const { method = 'GET', headers, body } = call;
    const { href, pathname, search } = new URL(typeof url === 'string' ? url : url.href);
    const target = readTarget(method.toUpperCase(), `${pathname}${search}`);
    if (target === undefined)
      throw new ChannelError('option_invalid', 'a call needs a method, and a URL that is short');
    const keys = signing(await this.options.keys.keysFor(this.options.scope));
    const signed = callHeaders(keys, target, { body: body ?? '', at: new Date() });
    return [href, this.init(target.method, among(headers, signed), { body, keys })];
  }

  /**
   * A webhook, by Standard Webhooks: `fetch(...(await sender.webhook(url, { id, body })))`.
   * @throws ChannelError
   */
  async webhook(url: string | { readonly href: string }, webhook: SentWebhook): Promise<[string, SignedInit]> {
    const { id, headers, body } = webhook;
    if (!isWebhookId(id))
      throw new ChannelError('option_invalid', 'id has to be of 1 to 256 printable characters, without full stops');
    const keys = signing(await this.options.keys.keysFor(this.options.scope));
    const timestamp = `${Math.floor(Date.now() / 1_000)}`;
    const signed = webhookHeaders(keys, { id, timestamp, body });
    // It is signed for no URL in particular: whoever is given it reads it.
    const href = typeof url === 'string' ? url : url.href;
    return [href, this.init('POST', among(headers, signed), { body, keys })];
  }

  private init(
    method: string,
    headers: Record<string, string>,
    { body, keys }: { body: SentBody | undefined; keys: readonly ChannelKey[] },
  ): SignedInit {
    // What is told last is what a member reports as used last: while two sign that is the newer one.
    const { scope, observer } = this.options;
    if (observer !== undefined)
      for (const { keyId } of [...keys].reverse()) tell(observer, (each) => each.signed(scope, keyId));
    return body === undefined ? { method, headers, redirect: 'error' } : { method, headers, body, redirect: 'error' };
  }
}

/** Those of the keys that a message is signed by now. */
function signing(given: readonly ChannelKey[]): readonly ChannelKey[] {
  const keys = keysInUse(given, 'sign', Date.now());
  if (keys.length === 0) throw new ChannelError('no_signing_key', 'this end has no key to sign by');
  if (haveShortSecret(keys)) throw new ChannelError('secret_too_short', 'nothing is signed by a secret this short');
  return keys;
}

/** The sender's own headers, in lower case, and those of the signature in place of any of theirs. */
function among(
  headers: Readonly<Record<string, string>> | undefined,
  signed: Record<string, string>,
): Record<string, string> {
  if (headers === undefined) return signed;
  const lowerCased = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { ...Object.fromEntries(lowerCased), ...signed };
}
