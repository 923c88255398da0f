import { readCallSignatures, signaturesBy, type CallSignature } from './call/call-signatures';
import { isBodyOf, readContentDigest } from './call/content-digest';
import { CALL_LIFE_MS } from './call/sign-call';
import { covered } from './call/signature-base';
import { SIGNED_TARGET, readSignedTarget, readTarget } from './call/target';
import { whyRefused } from './call/why-refused';
import { ChannelError } from './channel-error';
import { headerOf, type MessageHeaders } from './headers';
import type { ChannelKey, ChannelKeys } from './keys/channel-keys';
import { MessageRefused } from './message-refused';
import { tell, type ChannelObserver } from './observer';
import type { ReceivedCall, ReceivedWebhook } from './received';
import { oppositeOf } from './ring';
import { SeenMemory, type SeenStore } from './seen-store';
import { isWebhookBy, readWebhookHeaders } from './webhook/webhook-headers';
import { haveShortSecret, keysInUse, signerOf, type Signer } from './whose';

export interface ChannelReceiverOptions {
  /** `channel:<slug>:<a>-to-<b>`, where this end is b. */
  scope: string;
  keys: ChannelKeys;
  observer?: ChannelObserver | undefined;
  /** 1 MiB where it is not said. */
  maxBodyBytes?: number | undefined;
  /** Nonces of calls. Of this process alone where it is not said, and then the latest 200,000. */
  nonces?: SeenStore | undefined;
  /** Ids of webhooks, for a day. Of this process alone where it is not said, and then the latest 100,000. */
  ids?: SeenStore | undefined;
}

export interface IncomingWebhook {
  headers: MessageHeaders;
  /** As it came: no parser has written it anew. */
  body: string | Uint8Array;
}

export interface IncomingCall extends IncomingWebhook {
  method: string;
  /** Path and query of the request line, to the character. */
  target: string;
}

/** By how much the clocks of both ends may be apart, and how long a message may be on its way. */
const TOLERANCE_MS = CALL_LIFE_MS;
const REMEMBER_IDS_MS = 24 * 60 * 60_000;
const MAX_BODY_BYTES = 1_024 * 1_024;
/** More than six hundred calls a second, for five minutes. */
const MOST_NONCES = 200_000;
const MOST_IDS = 100_000;

/** The other end of a direction: takes what the one signed, and nothing else. */
export class ChannelReceiver {
  readonly maxBodyBytes: number;
  private readonly opposite: string;
  private readonly nonces: SeenStore;
  private readonly ids: SeenStore;
  /** Tells ids apart in a store that others share; a memory of our own keeps a hundred thousand, as short as they are. */
  private readonly beforeIds: string;

  /** @throws ChannelError `option_invalid` */
  constructor(private readonly options: ChannelReceiverOptions) {
    this.opposite = oppositeOf(options.scope);
    const { maxBodyBytes = MAX_BODY_BYTES, nonces, ids } = options;
    if (!Number.isSafeInteger(maxBodyBytes) || maxBodyBytes < 0)
      throw new ChannelError('option_invalid', 'maxBodyBytes has to be a number of bytes');
    this.maxBodyBytes = maxBodyBytes;
    this.nonces = nonces ?? new SeenMemory(MOST_NONCES);
    this.ids = ids ?? new SeenMemory(MOST_IDS);
    this.beforeIds = ids === undefined ? '' : `${options.scope} webhook `;
  }

  /**
   * A request signed by RFC 9421.
   * @throws MessageRefused
   */
  async call(call: IncomingCall): Promise<ReceivedCall> {
    try {
      const target = readTarget(call.method, call.target);
      if (target === undefined) throw new MessageRefused('malformed');
      const body = this.bodyOf(call);
      const digest = headerOf(call.headers, 'content-digest')?.trim();
      const digests = readContentDigest(digest);
      const base = covered(target, digest ?? '');
      const signatures = await readCallSignatures(call.headers, { target, digest: digest ?? '', base });
      if (typeof signatures === 'string') throw new MessageRefused(signatures);
      if (digest === undefined || digests === undefined) throw new MessageRefused('wrong_digest');
      const good: CallSignature[] = [];
      const isBy = (key: ChannelKey): boolean => {
        const byKey = signaturesBy(signatures, base, key);
        good.push(...byKey);
        return byKey.length > 0;
      };
      const { signer, held } = among(await this.keys('keysFor'), isBy) ?? (await this.amongThoseSince(isBy));
      if (signer === undefined) {
        const signedTarget = readSignedTarget(headerOf(call.headers, SIGNED_TARGET));
        const keys = { held, opposite: await this.oppositeKeys() };
        throw new MessageRefused(whyRefused(signatures, { target, digest, body, signedTarget }, keys));
      }
      if (!good.every(isOfNow)) throw new MessageRefused('stale');
      if (!isBodyOf(digests, body)) throw new MessageRefused('body_changed');
      if (!(await this.isFirst(good))) throw new MessageRefused('replayed');
      const { scope } = this.options;
      const sentAt = new Date(good[0]!.createdMs);
      return this.verified({ scope, keyId: signer.keyId, alone: signer.alone, sentAt, body });
    } catch (error) {
      throw this.refused(error);
    }
  }

  /**
   * A webhook of Standard Webhooks.
   * @throws MessageRefused
   */
  async webhook(webhook: IncomingWebhook): Promise<ReceivedWebhook> {
    try {
      const signatures = readWebhookHeaders(webhook.headers);
      if (typeof signatures === 'string') throw new MessageRefused(signatures);
      const body = this.bodyOf(webhook);
      const isBy = isWebhookBy(signatures, body);
      const { signer } = among(await this.keys('keysFor'), isBy) ?? (await this.amongThoseSince(isBy));
      if (signer === undefined)
        throw new MessageRefused((await this.oppositeKeys()).some(isBy) ? 'wrong_direction' : 'signature_invalid');
      const { id } = signatures;
      const sentAt = new Date(Number(signatures.timestamp) * 1_000);
      if (Math.abs(Date.now() - sentAt.getTime()) > TOLERANCE_MS) throw new MessageRefused('stale');
      const seen = `${this.beforeIds}${id}`;
      const isNoted = this.ids.add(seen, new Date(Date.now() + REMEMBER_IDS_MS));
      // Of this process's own memory nothing is waited for.
      const duplicate = !(typeof isNoted === 'boolean' ? isNoted : await isNoted);
      const forget = async (): Promise<void> => {
        // What came first may be at work still.
        if (!duplicate) await this.ids.delete(seen);
      };
      const { scope } = this.options;
      // Written out: put together from another object, it takes a quarter of the time of the whole message.
      return this.verified({ scope, keyId: signer.keyId, alone: signer.alone, sentAt, body, id, duplicate, forget });
    } catch (error) {
      throw this.refused(error);
    }
  }

  private verified<Message extends ReceivedCall>(message: Message): Message {
    tell(this.options.observer, (each) => each.verified(message.scope, message.keyId, message.alone));
    return message;
  }

  /** What it is thrown for, told of where it is a refusal. */
  private refused(error: unknown): unknown {
    if (error instanceof MessageRefused)
      tell(this.options.observer, (each) => each.refused(this.options.scope, error.reason));
    return error;
  }

  private bodyOf({ body }: IncomingWebhook): Uint8Array {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (bytes.length > this.maxBodyBytes) throw new MessageRefused('too_large');
    return bytes;
  }

  /** Where none of the keys that are at hand verifies, one may have come since. */
  private async amongThoseSince(
    isBy: (key: ChannelKey) => boolean,
  ): Promise<{ signer: Signer | undefined; held: readonly ChannelKey[] }> {
    const held = verifying(await this.keys('keysAgain'));
    return { signer: signerOf(held, isBy), held };
  }

  /** Asked by each message itself: a promise more in between takes a twentieth of its time. */
  private keys(ask: keyof ChannelKeys): Promise<readonly ChannelKey[]> {
    try {
      return Promise.resolve(this.options.keys[ask](this.options.scope)).catch(withoutKeys);
    } catch (error) {
      return withoutKeys(error);
    }
  }

  /** What this end signs by: only to say what is the matter with a message. */
  private async oppositeKeys(): Promise<readonly ChannelKey[]> {
    try {
      return await this.options.keys.keysFor(this.opposite);
    } catch {
      // The message is refused with them or without.
      return [];
    }
  }

  /** Each is noted, also where one was there: a call with some of its signatures taken away is the same call. */
  private async isFirst(signatures: readonly CallSignature[]): Promise<boolean> {
    const untilByNonce = new Map(signatures.map((each) => [each.nonce, lastMoment(each)]));
    const noted = [...untilByNonce].map(async ([nonce, until]) =>
      this.nonces.add(`${this.options.scope} call ${nonce}`, new Date(until)),
    );
    return (await Promise.all(noted)).every(Boolean);
  }
}

/** By which of the keys that are at hand it is; undefined where by none of them. */
function among(
  given: readonly ChannelKey[],
  isBy: (key: ChannelKey) => boolean,
): { signer: Signer; held: readonly ChannelKey[] } | undefined {
  const held = verifying(given);
  const signer = signerOf(held, isBy);
  return signer && { signer, held };
}

/** Of what was given, those that verify now. */
function verifying(given: readonly ChannelKey[]): readonly ChannelKey[] {
  const keys = keysInUse(given, 'verify', Date.now());
  if (keys.length === 0) throw new MessageRefused('keys_unavailable');
  if (haveShortSecret(keys)) throw new MessageRefused('secret_too_short');
  return keys;
}

function withoutKeys(error: unknown): never {
  const isShort = error instanceof ChannelError && error.code === 'secret_too_short';
  throw new MessageRefused(isShort ? 'secret_too_short' : 'keys_unavailable');
}

/** After it a call is stale. */
const lastMoment = ({ createdMs, expiresMs }: CallSignature): number => Math.min(expiresMs, createdMs + TOLERANCE_MS);

const isOfNow = (signature: CallSignature): boolean => {
  const nowMs = Date.now();
  return signature.createdMs - TOLERANCE_MS <= nowMs && nowMs <= lastMoment(signature);
};
