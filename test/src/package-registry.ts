import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { npm, type Packed } from './npm';

/**
 * A package registry of this machine's own, which has what is named, as it is installed in the clone: so an install goes
 * as a user's does and needs no network. Whatever else it asks for is not found, and fails.
 */
export async function startRegistry(names: readonly string[], folder: string) {
  const folders = names.map((name) => join(repositoryRoot, 'node_modules', name));
  const options = ['--ignore-scripts', '--json', '--pack-destination', folder];
  const packed = JSON.parse(await npm(['pack', ...folders, ...options], { cwd: folder, home: folder })) as Packed[];
  const pages = new Map<string, () => Promise<Buffer | string>>();
  const server = createServer((request, response) => {
    const page = pages.get(decodeURIComponent(request.url ?? ''));
    if (page === undefined) return void response.writeHead(404).end();
    page().then(
      (body) => response.end(body),
      (error: Error) => response.destroy(error),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const { name, version, filename, integrity } of packed) {
    pages.set(`/${filename}`, () => readFile(join(folder, filename)));
    pages.set(`/${name}`, async () => {
      const manifest = JSON.parse(
        await readFile(join(repositoryRoot, 'node_modules', name, 'package.json'), 'utf8'),
      ) as object;
      const release = { ...manifest, dist: { tarball: `${url}/${filename}`, integrity } };
      return JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: release } });
    });
  }
  return { url, close: () => new Promise((resolve) => server.close(resolve)) };
}
