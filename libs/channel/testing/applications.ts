/** What each kind of application has to answer: the same, whatever it is built on. */
import { request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ChannelReceiver, ChannelSender, MessageRefused, type ReceivedWebhook, type SignedInit } from '../src';
import { RingKeys, SCOPE, keyOf } from './two-ends';

/**
 * An application with `/v1/calls/:id`, which answers `told` of what it was called with, and `/v1/webhooks`, which answers that
 * of webhooks, and fails where the body says so.
 */
export interface Application {
  url: string;
  close(): Promise<unknown>;
}

export const told = (keyId: string, body: unknown) => ({ keyId, body });

/** What `/v1/webhooks` answers. */
export function workedOff({ id, duplicate, body }: ReceivedWebhook): { id: string; duplicate: boolean } {
  if (Buffer.from(body).toString() === '{"fail":true}') throw new Error('not worked off');
  return { id, duplicate };
}

export const MAX_BODY_BYTES = 50_000;
const JSON_TYPE = { 'content-type': 'application/json' };

export async function listening(server: Server): Promise<Application> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

export function answersAsItShould(start: (receiver: ChannelReceiver) => Promise<Application>): void {
  const held = new RingKeys({ [SCOPE]: [keyOf('k1', 'verify')] });
  let nonces: Set<string> | undefined;
  const receiver = new ChannelReceiver({
    ...{ scope: SCOPE, keys: held, maxBodyBytes: MAX_BODY_BYTES },
    nonces: {
      add: (key) => {
        if (nonces === undefined) throw new Error('away');
        return !nonces.has(key) && nonces.add(key).has(key);
      },
      delete: () => undefined,
    },
  });
  const sender = new ChannelSender({ scope: SCOPE, keys: new RingKeys({ [SCOPE]: [keyOf('k1', 'sign')] }) });
  let application: Application;
  beforeAll(async () => void (application = await start(receiver)));
  afterAll(() => application.close());
  beforeEach(() => {
    held.rings = { [SCOPE]: [keyOf('k1', 'verify')] };
    nonces = new Set();
  });

  const call = (body: string, path = '/v1/calls/1?of=orders') =>
    sender.call(`${application.url}${path}`, { method: 'POST', headers: JSON_TYPE, body });
  const webhook = (id: string, body = '{"order":1}') =>
    sender.webhook(`${application.url}/v1/webhooks`, { id, headers: JSON_TYPE, body });
  const answer = async ([url, init]: [string, SignedInit]) => {
    const response = await fetch(url, init);
    return { status: response.status, body: (await response.json()) as unknown, headers: response.headers };
  };
  const refusal = (reason: MessageRefused['reason']) => {
    const { status, body } = new MessageRefused(reason);
    return { status, body };
  };

  it('lets a signed call in, and the handler has its body', async () =>
    expect(await answer(await call('{"order":1}'))).toMatchObject({ status: 200, body: told('k1', { order: 1 }) }));

  it('lets one in that is as long as it may be', async () => {
    const body = [MAX_BODY_BYTES];
    const text = JSON.stringify(body).padEnd(MAX_BODY_BYTES);
    expect(await answer(await call(text))).toMatchObject({ status: 200, body: told('k1', body) });
  });

  it('lets one in that has no body', async () =>
    expect(await answer(await sender.call(`${application.url}/v1/calls/1`))).toMatchObject({ status: 200 }));

  it('refuses what is not signed', async () => {
    const init = { method: 'POST', headers: {}, body: '', redirect: 'error' as const };
    for (const path of ['/v1/calls/1', '/v1/webhooks']) {
      const { headers, ...told } = await answer([`${application.url}${path}`, init]);
      expect(told).toEqual(refusal('signature_missing'));
      expect(headers.get('content-type')).toMatch(/^application\/json/);
    }
  });

  it('refuses one for a call as a webhook, and the other way round', async () => {
    const [, ofCall] = await call('{}', '/v1/webhooks');
    expect(await answer([`${application.url}/v1/webhooks`, ofCall])).toMatchObject(refusal('signature_missing'));
    const [, ofWebhook] = await webhook('a');
    expect(await answer([`${application.url}/v1/calls/1`, ofWebhook])).toMatchObject(refusal('signature_missing'));
  });

  it('refuses another body, path, query, and one that has come before', async () => {
    const [url, init] = await call('{"order":1}');
    expect(await answer([url, { ...init, body: '{"order":2}' }])).toMatchObject(refusal('body_changed'));
    expect(await answer([url.replace('/calls/1', '/calls/2'), init])).toMatchObject(refusal('wrong_path'));
    expect(await answer([url.replace('orders', 'all'), init])).toMatchObject(refusal('wrong_query'));
    expect(await answer([url, init])).toMatchObject({ status: 200 });
    expect(await answer([url, init])).toMatchObject(refusal('replayed'));
  });

  it.each([['that says so'], ['in pieces']])('reads no body that is too large, of one %s', async (how) => {
    const [url, init] = await call('[]'.padEnd(MAX_BODY_BYTES + 1));
    const sent =
      how === 'in pieces' ? { 'transfer-encoding': 'chunked' } : { 'content-length': `${MAX_BODY_BYTES + 1}` };
    const status = await new Promise((resolve, reject) => {
      const asked = httpRequest(url, { method: 'POST', headers: { ...init.headers, ...sent } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject);
      asked.end(init.body);
    });
    expect(status).toBe(413);
  });

  it('lets nothing in without keys, and says when to come again', async () => {
    held.rings = {};
    const { headers, ...told } = await answer(await call('{}'));
    expect([told, headers.get('retry-after')]).toEqual([refusal('keys_unavailable'), '10']);
  });

  it('hands on what is no refusal, and lets nothing in', async () => {
    nonces = undefined;
    const [url, init] = await call('{}');
    expect((await fetch(url, init)).status).toBe(500);
  });

  it('lets a webhook in, its repetition as such, and again what was not worked off', async () => {
    for (const duplicate of [false, true])
      expect(await answer(await webhook('a'))).toMatchObject({ status: 200, body: { id: 'a', duplicate } });
    const [url, init] = await webhook('b', '{"fail":true}');
    expect((await fetch(url, init)).status).toBe(500);
    expect(await answer(await webhook('b'))).toMatchObject({ status: 200, body: { id: 'b', duplicate: false } });
  });
}
