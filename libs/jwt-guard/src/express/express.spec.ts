import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { answersAsItShould, type Application } from '../../testing/refusals';
import { tokenOf, type JwtGuard } from '..';
import { jwtMiddleware } from '.';

async function listening(server: Server): Promise<Application> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

describe('Express', () => {
  answersAsItShould((guard) => {
    const app = express();
    app.use(jwtMiddleware(guard));
    app.get('/orders', (request, response) => void response.json({ sub: tokenOf(request).claims.sub }));
    app.delete('/orders', jwtMiddleware(guard, { scope: 'orders:delete' }), (_, response) => {
      response.json({ deleted: true });
    });
    return listening(createServer(app));
  });

  it('hands on what is no refusal, as any middleware does', async () => {
    const app = express();
    const broken = { admit: () => Promise.reject(new Error('broken')) } as unknown as JwtGuard;
    app.use(jwtMiddleware(broken));
    app.use((error: Error, _: express.Request, response: express.Response, _next: express.NextFunction) => {
      response.status(500).json({ error: error.message });
    });
    const { url, close } = await listening(createServer(app));
    expect(await (await fetch(url)).json()).toEqual({ error: 'broken' });
    await close();
  });

  it('is not set up with a scope that no token can have', () =>
    expect(() => jwtMiddleware({} as JwtGuard, { scope: 'a "b"' })).toThrow(
      expect.objectContaining({ name: 'GuardOptionError', option: 'scope' }) as Error,
    ));
});

describe('a bare server of node:http, as whatever calls middleware has one', () => {
  answersAsItShould((guard) => {
    const [anybody, deleter] = [jwtMiddleware(guard), jwtMiddleware(guard, { scope: 'orders:delete' })];
    const server = createServer((request, response) => {
      if (request.method === 'DELETE') deleter(request, response, () => response.end('{"deleted":true}'));
      else anybody(request, response, () => response.end(JSON.stringify({ sub: tokenOf(request).claims.sub })));
    });
    return listening(server);
  });
});
