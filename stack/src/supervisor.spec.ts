import { EventEmitter, once } from 'node:events';
import { eventually } from './eventually';
import { ManagedProcess, type Exit } from './managed-process';
import type { Stack } from './stack';
import { keepUp } from './supervisor';

/** Stands in for a process: ends when told, and starts as often as it has good starts left. */
class Puppet extends ManagedProcess {
  starts = 0;
  readonly #events = new EventEmitter();
  #exited: Promise<Exit> = this.nextExit();

  constructor(private failures: number) {
    super('signer', 'puppet', '/dev/null');
  }

  override get exited(): Promise<Exit> {
    return this.#exited;
  }

  override async start(): Promise<void> {
    this.starts++;
    if (this.failures-- > 0) throw new Error('not yet');
    this.#exited = this.nextExit();
  }

  die(): void {
    this.#events.emit('exit');
  }

  private nextExit(): Promise<Exit> {
    return once(this.#events, 'exit').then(() => ({ code: 1, signal: null }));
  }
}

const stackOf = (...processes: ManagedProcess[]): Stack => ({ processes: () => processes }) as unknown as Stack;

test('what dies is started until it is up, and the rest is left alone', async () => {
  const [dying, healthy] = [new Puppet(1), new Puppet(0)];
  const stopping = new AbortController();
  const told: string[] = [];
  const kept = keepUp(stackOf(dying, healthy), stopping.signal, (text) => told.push(text));

  dying.die();
  await eventually(() => told.includes('puppet is up again.'));
  expect(dying.starts).toBe(2);
  expect(healthy.starts).toBe(0);
  stopping.abort();
  await kept;
});

test('no start any more once it is told to stop, in the pause before a start neither', async () => {
  const dying = new Puppet(0);
  const stopping = new AbortController();
  const told: string[] = [];
  const kept = keepUp(stackOf(dying), stopping.signal, (text) => told.push(text));
  dying.die();
  await eventually(() => told.length);
  stopping.abort();
  await kept;
  expect(dying.starts).toBe(0);
});
