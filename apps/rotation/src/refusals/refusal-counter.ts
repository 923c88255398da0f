import type { RefusedOnBus } from '@plexsphere/service-kit';
import { COMMAND_NAMES, commandOf, isUuid, type Command } from '@plexsphere/wire';

/** One kind of refusal: nothing in it is free text, so there are only so many kinds. */
interface RefusalKind {
  /**
   * The id of who asked, as the bus vouches for it; the database knows whether it is anybody's. `http:` and an address where
   * a bearer was shown there that is nobody's.
   */
  actor: string;
  command: string;
  code: string;
  detail: string;
}

export interface CountedRefusal extends RefusalKind {
  count: number;
}

/** Distinct kinds of one minute; what goes beyond is counted as one actor's and one command's. */
const KINDS_A_MINUTE = 200;
/** Addresses of one minute: strangers come from any number of them, and what is written down is kept for a month. */
const ADDRESSES_A_MINUTE = 10;
const ADDRESS = /^http:[0-9a-z.:/]{2,45}$/;
const OTHER_ADDRESSES = 'http:others';
/** Stands where a code does, for who was held back. */
export const HELD_BACK = 'HELD_BACK';
const MINUTE_MS = 60_000;
const OTHERS = 'others';
const UNKNOWN = 'unknown';

/**
 * Counts in memory, so that a caller who is refused a thousand times a second costs one small write a second and not a
 * thousand. Holds no more than so many kinds, whatever callers do.
 */
export class RefusalCounter {
  private counted = new Map<string, CountedRefusal>();
  private readonly seen = new Set<string>();
  private readonly addresses = new Set<string>();
  private minuteBeganAt = -Infinity;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** `actor`: as the subject names them, or as they were found to ask. */
  note({ actor, subject, code, detail }: RefusedOnBus): void {
    const asked = commandOf(subject);
    if (asked === undefined) return;
    const command = COMMAND_NAMES.includes(asked.command as Command) ? asked.command : UNKNOWN;
    this.count({ actor: actorOf(actor), command, code, detail });
  }

  /** Not refused, but told to wait: because of what the asker has under way, in this queue. */
  noteHeldBack(asker: string, queue: string): void {
    this.count({ actor: actorOf(asker), command: queue, code: HELD_BACK, detail: '' });
  }

  /** What was counted since the last time. */
  take(): CountedRefusal[] {
    const taken = [...this.counted.values()];
    this.counted = new Map();
    return taken;
  }

  /** What was taken and could not be written down. */
  giveBack(taken: readonly CountedRefusal[]): void {
    for (const refusal of taken) this.add(refusal);
  }

  private count(kind: RefusalKind): void {
    this.add({ ...this.within(kind), count: 1 });
  }

  private add(refusal: CountedRefusal): void {
    const key = keyOf(refusal);
    const before = this.counted.get(key);
    if (before !== undefined) before.count += refusal.count;
    else if (this.counted.size < 2 * KINDS_A_MINUTE) this.counted.set(key, { ...refusal });
  }

  private within(kind: RefusalKind): RefusalKind {
    if (this.now() - this.minuteBeganAt >= MINUTE_MS) {
      this.seen.clear();
      this.addresses.clear();
      this.minuteBeganAt = this.now();
    }
    const told = { ...kind, actor: this.withinAddresses(kind.actor) };
    const key = keyOf(told);
    if (!this.seen.has(key) && this.seen.size >= KINDS_A_MINUTE) return { ...told, actor: OTHERS, command: OTHERS };
    this.seen.add(key);
    return told;
  }

  private withinAddresses(actor: string): string {
    if (!ADDRESS.test(actor) || this.addresses.has(actor)) return actor;
    if (this.addresses.size >= ADDRESSES_A_MINUTE) return OTHER_ADDRESSES;
    this.addresses.add(actor);
    return actor;
  }
}

/** A lease's holder draws its own name: that is free text. */
const actorOf = (id: string): string => (isUuid(id) || ADDRESS.test(id) ? id : UNKNOWN);

const keyOf = ({ actor, command, code, detail }: RefusalKind): string => [actor, command, code, detail].join('\n');
