/** For node:http by itself: listeners that have verified what they hand on. */
import type { ChannelReceiver } from '../channel-receiver';
import { callAdmission, webhookAdmission, type Admission } from '../http/admit';
import { refuse, type Answer } from '../http/answer';
import type { IncomingRequest } from '../http/raw-body';
import { MessageRefused } from '../message-refused';
import type { ReceivedCall, ReceivedWebhook } from '../received';

export type Handler<Request, Response, Message> = (request: Request, response: Response, message: Message) => unknown;
export type Listener<Request, Response> = (request: Request, response: Response) => void;

/** Hands signed calls on, and answers others. What a handler throws is a 500. */
export const callListener = <Request extends IncomingRequest, Response extends Answer>(
  receiver: ChannelReceiver,
  handler: Handler<Request, Response, ReceivedCall>,
): Listener<Request, Response> => listener(receiver, callAdmission, handler);

/** Hands signed webhooks on, and answers others. What a handler throws is a 500, and its webhook is to come again. */
export const webhookListener = <Request extends IncomingRequest, Response extends Answer>(
  receiver: ChannelReceiver,
  handler: Handler<Request, Response, ReceivedWebhook>,
): Listener<Request, Response> => listener(receiver, webhookAdmission, handler);

const listener =
  <Request extends IncomingRequest, Response extends Answer, Message>(
    receiver: ChannelReceiver,
    { admit }: Admission<Message>,
    handler: Handler<Request, Response, Message>,
  ): Listener<Request, Response> =>
  (request, response) => {
    admit(receiver, request, response)
      .then((message) => handler(request, response, message))
      .catch((error: unknown) => {
        if (error instanceof MessageRefused) return refuse(response, error);
        if (!response.headersSent) response.statusCode = 500;
        response.end();
      });
  };
