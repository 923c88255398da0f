/** For Fastify: hooks for what is registered beside them, or for single routes. */
import { Readable } from 'node:stream';
import type { preParsingAsyncHookHandler } from 'fastify';
import type { ChannelReceiver } from '../channel-receiver';
import { callAdmission, webhookAdmission, type Admission } from '../http/admit';
import { MessageRefused } from '../message-refused';
import type { ReceivedCall } from '../received';

/** A `preParsing` hook: it reads the body of a signed call, and hands it on to Fastify's parsers. */
export const callHook = (receiver: ChannelReceiver): preParsingAsyncHookHandler => hook(receiver, callAdmission);

/** A `preParsing` hook: it reads the body of a signed webhook, and hands it on to Fastify's parsers. */
export const webhookHook = (receiver: ChannelReceiver): preParsingAsyncHookHandler => hook(receiver, webhookAdmission);

const hook =
  (receiver: ChannelReceiver, { admit }: Admission<ReceivedCall>): preParsingAsyncHookHandler =>
  async (request, reply) => {
    try {
      const { body } = await admit(receiver, request, reply.raw);
      return Object.assign(Readable.from([body], { objectMode: false }), { receivedEncodedLength: body.length });
    } catch (error) {
      if (!(error instanceof MessageRefused)) throw error;
      return reply.code(error.status).headers(error.headers).send(error.body);
    }
  };
