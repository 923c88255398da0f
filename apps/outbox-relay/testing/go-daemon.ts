/** For specs: a Node as the contract tells of it that reads no statement: two keys, no memory of events, one stream. */
import { announcedKeys, stateKeys, type StateForm, type StreamMessage } from '@plexsphere/keyring';
import type { TestRing } from '@plexsphere/testkit';

/** As it stands on the wire. */
export type WireMessage = StreamMessage & { signedBy: string; keys?: HeldKeys; eventId?: string };

export interface HeldKeys {
  current: string;
  previous: string | null;
  untilMs: number;
}

export const keysOf = ({ keys }: TestRing, form: StateForm = 'plain'): HeldKeys | null => {
  const held = stateKeys(domainKeys(keys), form, new Date());
  return (
    held && {
      current: held.current.keyId,
      previous: held.previous?.keyId ?? null,
      untilMs: held.expires?.getTime() ?? 0,
    }
  );
};

/** As an announcement names them. */
export function announced({ keys }: TestRing): HeldKeys {
  const { current, previous, expires } = announcedKeys(domainKeys(keys));
  return { current: current.keyId, previous: previous?.keyId ?? null, untilMs: expires?.getTime() ?? 0 };
}

const domainKeys = (keys: TestRing['keys']) =>
  keys.map(({ keyId, state, verifiesUntil }) => ({
    ...{ keyId, state },
    verifiesUntil: verifiesUntil === null ? null : new Date(verifiesUntil),
  }));

export class GoDaemon {
  readonly accepted = new Set<string>();
  readonly refused: string[] = [];
  lastId: number | null = null;
  private keys: HeldKeys;
  private snapshot: string | undefined;

  constructor(private readonly registered: HeldKeys) {
    this.keys = registered;
  }

  /** Another process, with what it has on its disk: its identity, and the key of its registration. */
  restart(): void {
    [this.keys, this.lastId, this.snapshot] = [this.registered, null, undefined];
  }

  /** It moves its id before it verifies. */
  read(message: WireMessage): void {
    if (message.kind !== 'key') {
      if (message.position <= (this.lastId ?? 0)) throw new Error(`id ${message.position} after ${this.lastId}`);
      this.lastId = message.position;
    }
    const { current, previous, untilMs } = this.keys;
    const isHeld = message.signedBy === current || (message.signedBy === previous && Date.now() < untilMs);
    if (!isHeld) {
      this.refused.push(
        `${message.kind} of ${message.epoch} by ${message.signedBy}, holding ${JSON.stringify(this.keys)}`,
      );
      return;
    }
    if (message.keys !== undefined) this.keys = message.keys;
    if (message.eventId !== undefined) this.accepted.add(message.eventId);
  }

  /** Whether it says drift: a state that is equal to the one before sets nothing. */
  workIn(keys: HeldKeys | null): boolean {
    const text = JSON.stringify(keys);
    if (text === this.snapshot) return false;
    this.snapshot = text;
    if (keys !== null) this.keys = keys;
    return true;
  }
}
