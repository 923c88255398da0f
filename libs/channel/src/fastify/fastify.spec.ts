import fastify from 'fastify';
import { answersAsItShould, told, workedOff } from '../../testing/applications';
import { callOf, webhookOf } from '..';
import { callHook, webhookHook } from '.';

answersAsItShould(async (receiver) => {
  const app = fastify();
  app.register(
    async (v1) => {
      v1.all('/calls/:id', { preParsing: callHook(receiver) }, async (request) =>
        told(callOf(request).keyId, request.body ?? null),
      );
      v1.register(async (webhooks) => {
        webhooks.addHook('preParsing', webhookHook(receiver));
        // What a request stands on knows it, too.
        webhooks.post('/webhooks', async ({ raw }) => workedOff(webhookOf(raw)));
      });
    },
    { prefix: '/v1' },
  );
  app.get('/open', async () => 'open');
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  expect((await fetch(`${url}/open`)).status).toBe(200);
  return { url, close: () => app.close() };
});
