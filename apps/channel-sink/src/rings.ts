/** The rings of this member that have a target, and how each of them stands. */
import { ConfigError, type Health, type Logger } from '@plexsphere/service-kit';
import { channelDirection, directionScope } from '@plexsphere/wire';
import { RecordFile } from './record/record-file';
import { SinkError, nameOf } from './sink-error';
import type { SinkKey, Use } from './sink-key';
import { sidesOf, type TargetSettings } from './target-settings';
import { openTarget } from './targets/target-of';
import { RingWriter, type Written } from './writer/ring-writer';

/** Of the member, by its enrolment. */
export interface MemberNames {
  nodeId: string;
  slug: string;
  side: string;
}

export interface RingsOptions {
  member: MemberNames;
  store: string;
  allowPlaintext: boolean;
  logger: Logger;
}

interface Ring {
  name: string;
  writer: RingWriter;
  /** Why its keys are not proven, or should not be; undefined where all is well. */
  trouble: string | undefined;
}

export class Rings {
  private constructor(private readonly rings: ReadonlyMap<string, Ring>) {}

  /** @throws ConfigError for a ring that this member has no part in, or a format that its party can do nothing with */
  static async open(targets: readonly TargetSettings[], options: RingsOptions): Promise<Rings> {
    const opened = targets.map(async (settings): Promise<[string, Ring]> => {
      const { scope, use } = ringOf(settings, options.member);
      const writer = await openWriter(settings, { ...options, scope, use });
      return [scope, { name: settings.ring, writer, trouble: 'not written yet' }];
    });
    return new Rings(new Map(await Promise.all(opened)));
  }

  /** @throws SinkError, and the ring is in trouble until it is called again */
  async write(scope: string, keys: readonly SinkKey[], epoch: number): Promise<Written> {
    const ring = this.rings.get(scope);
    if (ring === undefined) throw withoutTarget(scope);
    return this.watched(ring, () => ring.writer.write(keys, epoch));
  }

  /** What of the targets is not as it was written, by ring. */
  async look(): Promise<[scope: string, error: SinkError][]> {
    const found = [...this.rings].map(async ([scope, ring]): Promise<[string, SinkError][]> => {
      if (!ring.writer.hasWritten) return [];
      return this.watched(ring, () => ring.writer.look()).then(
        () => [],
        (error: SinkError) => [[scope, error]],
      );
    });
    return (await Promise.all(found)).flat();
  }

  reportTo(health: Health): void {
    for (const ring of this.rings.values()) health.check(ring.name, () => ring.trouble);
  }

  private async watched<T>(ring: Ring, work: () => Promise<T>): Promise<T> {
    try {
      const done = await work();
      ring.trouble = undefined;
      return done;
    } catch (error) {
      ring.trouble = error instanceof SinkError ? error.message : nameOf(error);
      throw error;
    }
  }
}

function ringOf(
  { ring, format }: TargetSettings,
  { slug, side }: MemberNames,
): { scope: ReturnType<typeof directionScope>; use: Use } {
  const { from = '', to = '' } = sidesOf(ring) ?? {};
  if (side !== from && side !== to)
    throw new ConfigError(`--ring ${ring} is not of this member, whose side is ${side}.`);
  const use = side === from ? 'sign' : 'verify';
  if (format === 'active' && use === 'verify')
    throw new ConfigError(`--format active is for who signs: ${side} verifies in ${ring}, by all keys of a map.`);
  return { scope: directionScope(slug, from, to), use };
}

async function openWriter(
  settings: TargetSettings,
  { member, store, allowPlaintext, logger, ...ring }: RingsOptions & { scope: string; use: Use },
): Promise<RingWriter> {
  const { format, encoding, takeOver } = settings;
  const place = { ring: settings.ring, target: settings.to };
  return new RingWriter({
    ...ring,
    ...{ place, format, encoding, takeOver, nodeId: member.nodeId, logger },
    target: await openTarget(settings.to, { place, allowPlaintext }),
    records: new RecordFile(store, place),
  });
}

/** Its keys are never proven: better seen than a party that is never told of them. */
function withoutTarget(scope: string): SinkError {
  const { from = '', to = '' } = channelDirection(scope) ?? {};
  return new SinkError('no_target', { ring: `${from}-to-${to}`, target: 'none' });
}
