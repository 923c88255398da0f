import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { World } from './world';

/** What a crowd has seen since it was asked last; `open` is as of now. */
export interface CrowdSeen {
  opened: number;
  refused: Record<string, number>;
  broken: number;
  open: number;
  keepAlives: number;
  /** From asking for a stream until its first bytes, each. */
  tookMs: number[];
}

/** Many Nodes over HTTP, each with a stream that it cuts and asks for again. */
export class StreamCrowd {
  private constructor(private readonly child: ChildProcess) {}

  /** They come spread over `overMs`, to the gateways by turns, or to others who answer as those do. */
  static begin(
    world: World,
    ids: readonly string[],
    times: { cutMs: number; overMs: number },
    urls: readonly string[] = world.gatewayUrls,
  ): StreamCrowd {
    const child = fork(join(__dirname, 'crowd-process.cjs'));
    const crowd = new StreamCrowd(child);
    world.afterwards(() => crowd.end());
    child.send({ begin: { ids, urls, ...times } });
    return crowd;
  }

  async look(): Promise<CrowdSeen> {
    const seen = once(this.child, 'message');
    this.child.send({ look: true });
    const [message] = (await seen) as [CrowdSeen];
    return message;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || !this.child.connected) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }
}
