import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** For what lies in a socket, once a process runs again. */
const READS_FIRST_MS = 100;

/** A client that stands still, wholly or in what it reads of its stream: its connections stay open. */
export class StrictStillness {
  private stream: IncomingMessage | undefined;
  private isDeaf = false;
  private frozen: { thaw: () => void; thawed: Promise<void> } | undefined;

  /** The stream that it reads now, or will. */
  reads(stream: IncomingMessage): void {
    this.stream = stream;
    if (this.isDeaf) stream.pause();
  }

  /** Its other loops go on. */
  pauseStream(): void {
    this.isDeaf = true;
    this.stream?.pause();
  }

  resumeStream(): void {
    this.isDeaf = false;
    this.stream?.resume();
  }

  /** As a machine that is switched off, or carried away. */
  fallAsleep(): void {
    this.freeze();
    this.stream?.destroy();
  }

  /** As by SIGSTOP: what arrives lies there. */
  freeze(): void {
    let thaw = (): void => undefined;
    const thawed = new Promise<void>((resolve) => (thaw = resolve));
    this.frozen = { thaw, thawed };
    this.pauseStream();
  }

  thaw(): void {
    this.resumeStream();
    this.frozen?.thaw();
    this.frozen = undefined;
  }

  async awake(): Promise<void> {
    while (this.frozen !== undefined) await this.frozen.thawed;
  }

  /** What has come while it stood still it reads first: had it looked at its clock first, it would have dropped that. */
  async afterReading(): Promise<void> {
    if (this.frozen === undefined) return;
    await this.awake();
    await delay(READS_FIRST_MS);
  }
}
