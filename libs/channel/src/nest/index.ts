/** For Nest, on Express and on Fastify. The application is made with `rawBody: true`: Nest parses before guards run. */
import { HttpException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ChannelReceiver } from '../channel-receiver';
import { callAdmission, webhookAdmission, type Admission } from '../http/admit';
import type { IncomingRequest } from '../http/raw-body';
import { MessageRefused } from '../message-refused';

/** What both platforms' responses have, or what they stand on. */
interface Response {
  header(name: string, value: string): unknown;
  raw?: Answer | undefined;
}
type Answer = Parameters<Admission<unknown>['admit']>[2];

/**
 * Lets signed calls in, by the ChannelReceiver that the module provides. Of HTTP alone: whatever comes another way is not
 * let in. What it refuses is an HttpException, for the application's filters.
 */
@Injectable()
export class CallGuard implements CanActivate {
  constructor(private readonly receiver: ChannelReceiver) {}

  canActivate(context: ExecutionContext): Promise<boolean> {
    return admit(context, this.receiver, callAdmission);
  }
}

/** Lets signed webhooks in, as CallGuard does calls. */
@Injectable()
export class WebhookGuard implements CanActivate {
  constructor(private readonly receiver: ChannelReceiver) {}

  canActivate(context: ExecutionContext): Promise<boolean> {
    return admit(context, this.receiver, webhookAdmission);
  }
}

async function admit(
  context: ExecutionContext,
  receiver: ChannelReceiver,
  admission: Admission<unknown>,
): Promise<boolean> {
  if (context.getType() !== 'http') return false;
  const http = context.switchToHttp();
  const response = http.getResponse<Response & Answer>();
  try {
    await admission.admit(receiver, http.getRequest<IncomingRequest>(), response.raw ?? response);
    return true;
  } catch (error) {
    if (!(error instanceof MessageRefused)) throw error;
    for (const [name, value] of Object.entries(error.headers)) response.header(name, value);
    throw new HttpException(error.body, error.status);
  }
}
