import { createServer, type ServerResponse } from 'node:http';
import express from 'express';
import { answersAsItShould, listening, told, workedOff } from '../../testing/applications';
import { reasonOf, twoEnds } from '../../testing/two-ends';
import { callOf, webhookOf } from '..';
import { callMiddleware, webhookMiddleware } from '.';

const parsed = (body: Uint8Array): unknown => (body.length === 0 ? null : JSON.parse(Buffer.from(body).toString()));
const answer = (request: object, response: ServerResponse): void => {
  const { keyId, body } = callOf(request);
  response.setHeader('content-type', 'application/json').end(JSON.stringify(told(keyId, parsed(body))));
};
const failed = (_: unknown, __: express.Request, response: express.Response, ___: express.NextFunction): void =>
  void response.status(500).json({});

describe('Express', () => {
  answersAsItShould((receiver) => {
    const app = express();
    // Mounted, so that its routes see other paths than were signed.
    const router = express.Router();
    router.use('/calls/:id', callMiddleware(receiver), answer);
    router.post('/webhooks', webhookMiddleware(receiver), (request, response) => {
      response.json(workedOff(webhookOf(request)));
    });
    app.use('/v1', router, failed);
    return listening(createServer(app));
  });
});

describe('Express, with a parser before it that keeps the body as it came', () => {
  answersAsItShould((receiver) => {
    const app = express();
    const keep = (request: object, _: unknown, rawBody: Buffer): void => void Object.assign(request, { rawBody });
    app.use(express.json({ verify: keep }));
    app.use('/v1/calls/:id', callMiddleware(receiver), (request, response) => {
      response.json(told(callOf(request).keyId, request.body ?? null));
    });
    app.post('/v1/webhooks', webhookMiddleware(receiver), (request, response) => {
      response.json(workedOff(webhookOf(request)));
    });
    app.use(failed);
    return listening(createServer(app));
  });
});

it('says what is wrong where a parser took the body and kept none', async () => {
  const app = express();
  const { receiver } = twoEnds();
  let code: unknown;
  app.use(express.json(), callMiddleware(receiver));
  app.use((error: { code: string }, _: express.Request, response: express.Response, _next: express.NextFunction) => {
    code = error.code;
    response.status(500).end();
  });
  const { url, close } = await listening(createServer(app));
  const headers = { 'content-type': 'application/json' };
  const [to, init] = await twoEnds().sender.call(url, { method: 'POST', headers, body: '{}' });
  expect([(await fetch(to, init)).status, code]).toEqual([500, 'body_already_read']);
  await close();
});

it('knows no message of a request that was not verified', async () => {
  expect(await reasonOf((async () => callOf({}))())).toBe('not_verified');
  expect(await reasonOf((async () => webhookOf({}))())).toBe('not_verified');
});
