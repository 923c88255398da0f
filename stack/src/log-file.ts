import { closeSync, openSync, readSync, statSync } from 'node:fs';

// What an error message quotes: enough for the cause and its stack, not a screenful of earlier noise.
const TAIL_BYTES = 4_000;

/** A log that a process appends to by itself; we only read it, so it goes on when we are paused or gone. */
export class LogFile {
  constructor(readonly path: string) {}

  get size(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Text from the byte `from` to the end of the file as it is now. */
  textFrom(from: number): string {
    const length = this.size - from;
    if (length <= 0) return '';
    const file = openSync(this.path, 'r');
    try {
      const buffer = Buffer.alloc(length);
      return buffer.toString('utf8', 0, readSync(file, buffer, 0, length, from));
    } finally {
      closeSync(file);
    }
  }

  /** The whole lines from the byte `from` on, and where the next look begins. */
  linesFrom(from: number): { lines: string[]; next: number } {
    const text = this.textFrom(from);
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return { lines: whole.split('\n').filter(Boolean), next: from + Buffer.byteLength(whole) };
  }

  /** The last of what was written since the byte `from`. */
  tail(from: number): string {
    return this.textFrom(Math.max(from, this.size - TAIL_BYTES)).trim();
  }
}
