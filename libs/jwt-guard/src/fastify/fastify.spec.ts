import fastify, { type FastifyInstance } from 'fastify';
import { answersAsItShould, type Application } from '../../testing/refusals';
import { tokenOf, type JwtGuard } from '..';
import { jwtHook, jwtPlugin } from '.';

async function listening(app: FastifyInstance): Promise<Application> {
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
}

function ordersOf(guard: JwtGuard): FastifyInstance {
  const app = fastify();
  app.register(jwtPlugin, { guard });
  app.get('/orders', async (request) => ({ sub: tokenOf(request).claims.sub }));
  app.delete('/orders', { onRequest: jwtHook(guard, { scope: 'orders:delete' }) }, async () => ({ deleted: true }));
  return app;
}

answersAsItShould((guard) => listening(ordersOf(guard)));

const broken = { admit: () => Promise.reject(new Error('broken')) } as unknown as JwtGuard;

it('hands on what is no refusal, as any hook does', async () => {
  const response = await ordersOf(broken).inject('/orders');
  expect([response.statusCode, response.json<{ message: string }>().message]).toEqual([500, 'broken']);
});

it('stands before the routes beside it, and those below, and no others', async () => {
  const app = fastify();
  app.get('/open', async () => 'open');
  app.register(async (closed) => {
    closed.register(jwtPlugin, { guard: broken });
    closed.get('/closed', async () => 'closed');
    closed.register(async (below) => void below.get('/below', async () => 'below'));
  });
  const statuses = ['/open', '/closed', '/below'].map(async (url) => (await app.inject(url)).statusCode);
  expect(await Promise.all(statuses)).toEqual([200, 500, 500]);
});

it('reads no body of whom it refuses', async () => {
  const app = fastify();
  const refusing = { admit: () => Promise.reject(new Error('broken')) } as unknown as JwtGuard;
  let read = 0;
  app.addContentTypeParser('text/plain', (_, _payload, done) => {
    read += 1;
    done(null, '');
  });
  app.register(jwtPlugin, { guard: refusing });
  app.post('/orders', async () => 'taken');
  await app.inject({ method: 'POST', url: '/orders', headers: { 'content-type': 'text/plain' }, payload: 'a' });
  expect(read).toBe(0);
});
