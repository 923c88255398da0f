import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from '@plexsphere/testkit';
import { routePath } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';

const ROUNDS = 7;

/** By turns, so that whatever else the machine does meanwhile is both servers' lot. */
export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const holds = () => world.query(`SELECT FROM ring.lease WHERE kind = 'gateway' AND epochs ? $1`, [world.domain]);
  await eventually(async () => (await holds()).length === 1, { describe: 'the gateway serving the Domain' });
  const url = new URL(routePath('jwks', { scope: world.domain }), world.gatewayUrls[0]);
  const answer = await fetch(url);
  const [text, headers] = [await answer.text(), Object.fromEntries(answer.headers)];
  for (const name of ['date', 'connection', 'keep-alive']) delete headers[name];
  const [bare, asking] = ['bare-server.cjs', 'asking.cjs'].map((file) => fork(join(__dirname, file)));
  world.afterwards(async () => void [bare, asking].forEach((child) => child?.kill()));
  const told = async <Reply>(child: typeof bare, question: object): Promise<Reply> => {
    const answered = once(child!, 'message');
    child!.send(question);
    return ((await answered) as [Reply])[0];
  };
  const port = await told<number>(bare, { text, headers });
  const rate = (at: number): Promise<number> => told(asking, { port: at, path: url.pathname });
  const shares: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const beside = await rate(port);
    shares.push((await rate(Number(url.port))) / beside);
  }
  const figures = shares.map((share) => share.toFixed(2)).join(' ');
  process.stdout.write(`key sets a second, as a share of what a bare server answers: ${figures}\n`);
  // Where others work beside it the system gives the two no equal parts: what it shows is for whoever is alone.
  const metrics = await (await fetch(new URL('/metrics', url))).text();
  const served = (from: string): number =>
    Number(new RegExp(`key_sets_total{from="${from}"} (\\d+)`).exec(metrics)?.[1]);
  expect(served('memory')).toBeGreaterThan(100 * served('database'));
};
