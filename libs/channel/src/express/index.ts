/** For Express, and whatever else calls `(request, response, next)`: it uses node:http's own methods and nothing of Express. */
import type { ChannelReceiver } from '../channel-receiver';
import { callAdmission, webhookAdmission, type Admission } from '../http/admit';
import { refuse, type Answer } from '../http/answer';
import type { IncomingRequest } from '../http/raw-body';
import { MessageRefused } from '../message-refused';

export type Middleware = (request: IncomingRequest, response: Answer, next: (error?: unknown) => void) => void;

/** Lets a signed call go on, or answers it. It reads the body: it stands before what parses one. */
export const callMiddleware = (receiver: ChannelReceiver): Middleware => middleware(receiver, callAdmission);

/** Lets a signed webhook go on, or answers it. It reads the body: it stands before what parses one. */
export const webhookMiddleware = (receiver: ChannelReceiver): Middleware => middleware(receiver, webhookAdmission);

const middleware =
  (receiver: ChannelReceiver, { admit }: Admission<unknown>): Middleware =>
  (request, response, next) => {
    admit(receiver, request, response).then(
      () => next(),
      (error: unknown) => (error instanceof MessageRefused ? refuse(response, error) : next(error)),
    );
  };
