import { COMMAND_NAMES, commandOf, isUuid, type Command } from '@plexsphere/wire';

/** One kind of refusal: nothing in it is free text, so there are only so many kinds. */
interface RefusalKind {
  /** The id of who asked, as the bus vouches for it; the database knows whether it is anybody's. */
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
  private minuteBeganAt = -Infinity;

  constructor(private readonly now: () => number = () => performance.now()) {}

  note(subject: string, { code, detail }: Pick<RefusalKind, 'code' | 'detail'>): void {
    const asked = commandOf(subject);
    if (asked === undefined) return;
    const command = COMMAND_NAMES.includes(asked.command as Command) ? asked.command : UNKNOWN;
    this.count({ actor: actorOf(asked.operator), command, code, detail });
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
      this.minuteBeganAt = this.now();
    }
    const key = keyOf(kind);
    if (!this.seen.has(key) && this.seen.size >= KINDS_A_MINUTE) return { ...kind, actor: OTHERS, command: OTHERS };
    this.seen.add(key);
    return kind;
  }
}

/** A lease's holder draws its own name: that is free text. */
const actorOf = (id: string): string => (isUuid(id) ? id : UNKNOWN);

const keyOf = ({ actor, command, code, detail }: RefusalKind): string => [actor, command, code, detail].join('\n');
