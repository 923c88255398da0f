import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeTokenFile } from './token-file';

const PLEXCTL = resolve(__dirname, '../../apps/plexctl/bin/plexctl.js');

const folder = mkdtempSync(join(tmpdir(), 'plexctl-endings-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('plexctl', () => {
  it('comes to its end where a port accepts and says nothing', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = ['signing', 'jwks', '--scope', 'platform', '--signer-endpoint', endpoint];
    // Far beyond the time that dialling may take, and far below for ever.
    const { status, signal } = spawnSync(PLEXCTL, [...args, '--token-file', writeTokenFile(folder)], {
      timeout: 20_000,
    });
    server.close();
    expect({ status, signal }).toEqual({ status: 1, signal: null });
  }, 30_000);

  it('hands over all of a long text before it ends', () => {
    const script = `"${process.execPath}" "${PLEXCTL}" help | (sleep 1; wc -c)`;
    const all = spawnSync(process.execPath, [PLEXCTL, 'help']).stdout.length;
    expect(Number(spawnSync('sh', ['-c', script]).stdout)).toBe(all);
  });

  it('keeps its exit code, and its peace, where the reader goes away', () => {
    const script = `{ "${process.execPath}" "${PLEXCTL}" help; echo $? >&2; } | true`;
    expect(spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stderr).toBe('0\n');
  });

  it('ends a watch on Ctrl-C as done, also while it waits for an answer', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = ['signing', 'status', '--watch', '--signer-endpoint', endpoint];
    const child = spawn(PLEXCTL, [...args, '--token-file', writeTokenFile(folder)], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await once(server, 'connection');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    server.close();
  });
});
