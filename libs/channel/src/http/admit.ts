/** What all adapters do with a request: read its body, have it verified, and keep the message for the handler. */
import { ChannelError } from '../channel-error';
import type { ChannelReceiver } from '../channel-receiver';
import type { ReceivedCall, ReceivedWebhook } from '../received';
import type { Answer } from './answer';
import { rawBodyOf, type IncomingRequest } from './raw-body';

const calls = new WeakMap<object, ReceivedCall>();
const webhooks = new WeakMap<object, ReceivedWebhook>();

/** How one kind of message is let in. */
export interface Admission<Message> {
  admit(
    receiver: ChannelReceiver,
    request: IncomingRequest,
    response: Pick<Answer, 'statusCode' | 'writableFinished' | 'once'>,
  ): Promise<Message>;
}

export const callAdmission: Admission<ReceivedCall> = {
  async admit(receiver, request) {
    const body = await rawBodyOf(request, receiver.maxBodyBytes);
    const target = request.originalUrl ?? request.url ?? '';
    const call = await receiver.call({ method: request.method ?? '', target, headers: request.headers, body });
    return note(calls, request, call);
  },
};

export const webhookAdmission: Admission<ReceivedWebhook> = {
  async admit(receiver, request, response) {
    const body = await rawBodyOf(request, receiver.maxBodyBytes);
    const webhook = await receiver.webhook({ headers: request.headers, body });
    response.once('close', () => {
      const isDone = response.writableFinished && response.statusCode < 300;
      // What does not come off is a duplicate that was none, at the next try: the store has failed, and says so itself.
      if (!isDone) webhook.forget().catch(() => undefined);
    });
    return note(webhooks, request, webhook);
  },
};

/**
 * The call that a request was let in as.
 * @throws ChannelError `not_verified`
 */
export const callOf = (request: object): ReceivedCall => noted(calls, request);

/**
 * The webhook that a request was let in as.
 * @throws ChannelError `not_verified`
 */
export const webhookOf = (request: object): ReceivedWebhook => noted(webhooks, request);

/** Of a request of Fastify's also by what it stands on: handlers have the one or the other. */
function note<Message>(kept: WeakMap<object, Message>, request: IncomingRequest, message: Message): Message {
  for (const each of [request, request.raw]) if (each !== undefined) kept.set(each, message);
  return message;
}

function noted<Message>(kept: WeakMap<object, Message>, request: object): Message {
  const message = kept.get(request);
  if (message === undefined) throw new ChannelError('not_verified', 'nothing that verifies stands before this handler');
  return message;
}
