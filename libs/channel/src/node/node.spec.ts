import { createServer, request } from 'node:http';
import { eventually } from '@plexsphere/testkit';
import { answersAsItShould, listening, told, workedOff } from '../../testing/applications';
import { twoEnds } from '../../testing/two-ends';
import { callListener, webhookListener } from '.';

answersAsItShould((receiver) => {
  const calls = callListener(receiver, (_, response, { keyId, body }) => {
    const text = Buffer.from(body).toString();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(told(keyId, text === '' ? null : JSON.parse(text))));
  });
  const webhooks = webhookListener(receiver, (_, response, webhook) =>
    response.end(JSON.stringify(workedOff(webhook))),
  );
  return listening(
    createServer((request, response) => (request.url === '/v1/webhooks' ? webhooks : calls)(request, response)),
  );
});

it.each([
  ['that says how long it is', { 'content-length': '11' }, ''],
  ['that goes on and on', { 'transfer-encoding': 'chunked' }, '12345678901'],
])('reads no further than it takes of a body %s', async (_, length, text) => {
  const { receiver, sender } = twoEnds({}, { maxBodyBytes: 10 });
  const { url, close } = await listening(createServer(callListener(receiver, () => undefined)));
  const [, init] = await sender.call(url, { method: 'POST', body: text });
  const status = await new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', headers: { ...init.headers, ...length } }, ({ statusCode }) => {
      asked.destroy();
      resolve(statusCode);
    });
    asked.on('error', reject).flushHeaders();
    // And does not end.
    if (text !== '') asked.write(text);
  });
  expect(status).toBe(413);
  await close();
});

it('a handler that fails when it has begun to answer is ended', async () => {
  const { receiver, sender } = twoEnds();
  const calls = callListener(receiver, async (_, response) => {
    response.end('begun');
    throw new Error('too late');
  });
  const { url, close } = await listening(createServer(calls));
  const response = await fetch(...(await sender.call(url)));
  expect([response.status, await response.text()]).toEqual([200, 'begun']);
  await close();
});

it('a caller that goes while its body is read is no message, and the next is answered', async () => {
  const { receiver, sender, told } = twoEnds();
  let [begun, ended] = [0, 0];
  const calls = callListener(receiver, (_, response) => response.end('taken'));
  const server = createServer((request, response) => {
    begun += 1;
    response.once('close', () => (ended += 1));
    calls(request, response);
  });
  const { url, close } = await listening(server);
  const leaving = new AbortController();
  const body = new ReadableStream({ start: (stream) => stream.enqueue(Buffer.from('{')) });
  const gone = fetch(url, { method: 'POST', body, duplex: 'half', signal: leaving.signal });
  await eventually(() => begun === 1, { describe: 'the caller to come' });
  leaving.abort();
  await expect(gone).rejects.toThrow();
  await eventually(() => ended === 1, { describe: 'the caller to be gone' });
  expect((await fetch(...(await sender.call(url)))).status).toBe(200);
  expect(told.map(([what]) => what)).toEqual(['signed', 'verified']);
  await close();
});
