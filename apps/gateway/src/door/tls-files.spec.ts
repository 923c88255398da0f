import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { eventually, temporaryFolder, testCertificates, type Certificates } from '@plexsphere/testkit';
import { GatewayConfig } from '../gateway-config';
import { Door } from './door';

jest.setTimeout(120_000);

const PATIENCE = { timeoutMs: 60_000 };
const folder = temporaryFolder();
const logger = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
const path = (name: string): string => join(folder, name);

const put = async ({ cert, key }: Pick<Certificates, 'cert' | 'key'>): Promise<void> => {
  await Promise.all([writeFile(path('cert'), cert), writeFile(path('key'), key)]);
};

const open = (): Promise<Door> => {
  const config = { httpListen: '127.0.0.1:0', tlsCertFile: path('cert'), tlsKeyFile: path('key') };
  return Door.listen(Object.assign(new GatewayConfig(), config), logger as never);
};
const port = (): number => Number(String(logger.info.mock.lastCall?.[0].http).split(':').at(-1));

/** Whether a client that trusts this authority alone is served; and what it was told. */
const served = ({ ca }: Certificates, at: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: at, ca, servername: 'localhost' });
    let heard = '';
    socket.on('secureConnect', () => socket.write('GET /v1/ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'));
    socket.on('data', (bytes) => (heard += bytes.toString()));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(String(code)));
    socket.on('end', () => resolve(heard.slice(0, 12)));
  });

it('serves by the certificate that lies there, and by the next one without a restart; half of it changes nothing', async () => {
  const [first, second] = [testCertificates(['localhost']), testCertificates(['localhost'])];
  await put(first);
  const door = await open();
  const at = port();
  try {
    // It listens before anything else is there, and says so.
    expect(await served(first, at)).toBe('HTTP/1.1 503');
    expect(await served(second, at)).not.toContain('HTTP');
    // Somebody replaces one file after the other.
    await writeFile(path('cert'), second.cert);
    await eventually(() => logger.warn.mock.calls.length > 0, {
      describe: 'a certificate without its key',
      ...PATIENCE,
    });
    expect(await served(first, at)).toBe('HTTP/1.1 503');
    await writeFile(path('key'), second.key);
    await eventually(async () => (await served(second, at)) === 'HTTP/1.1 503', {
      describe: 'the next one',
      ...PATIENCE,
    });
    expect(await served(first, at)).not.toContain('HTTP');
  } finally {
    await door.close();
  }
});

it('what is no certificate with its key is not begun with', async () => {
  const [one, another] = [testCertificates(['localhost']), testCertificates(['localhost'])];
  await put({ cert: one.cert, key: another.key });
  await expect(open()).rejects.toThrow();
  await put({ cert: 'none', key: 'none' });
  await expect(open()).rejects.toThrow();
});
