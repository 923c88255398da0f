/**
 * Brings a ring's keys into its target: looks what stands there, writes, reads back, compares. What is begun is on record
 * before it is begun: a process that is killed anywhere finds its own text at its next start and goes on, in AWS under the
 * same token. Each call is one ring's; they come one after the other.
 */
import { uuidOf } from '@plexsphere/wire';
import type { Encoding } from '../contents/encodings';
import { entriesOf, spelled } from '../contents/entries-of';
import { FORMATS, type Entry } from '../contents/formats';
import type { RecordFile } from '../record/record-file';
import { digestOf, withBegun, type RingRecord } from '../record/ring-record';
import { SinkError } from '../sink-error';
import type { SinkKey } from '../sink-key';
import { MOST_BYTES, type Found, type Target } from '../targets/target';
import { keptEntries, type Surroundings } from './kept-entries';

export interface RingWriterOptions extends Surroundings {
  /** The member. */
  nodeId: string;
  scope: string;
  encoding: Encoding;
  target: Target;
  records: Pick<RecordFile, 'read' | 'save'>;
  logger: Log;
}

interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What stands in the target: only this may be proven. */
export interface Written {
  /** Key ids of somebody else's beside ours. */
  takenOver: string[];
}

interface Plan {
  text: string;
  kept: readonly Entry[];
  record: RingRecord | undefined;
  found: Found | undefined;
}

export class RingWriter {
  private proven: string | undefined;

  constructor(private readonly options: RingWriterOptions) {}

  /** Whether its last write was the last thing that was asked of it, and stood there. */
  get hasWritten(): boolean {
    return this.proven !== undefined;
  }

  /** @throws SinkError; what the file system says of the record */
  async write(keys: readonly SinkKey[], epoch: number): Promise<Written> {
    this.proven = undefined;
    const plan = await this.plan(keys);
    const ids = { keys: keys.map(({ keyId }) => keyId), takenOver: plan.kept.map(([keyId]) => keyId) };
    if (plan.found?.text !== plan.text) await this.replace(plan, epoch, ids);
    await this.options.records.save({ ...ids, settled: digestOf(plan.text), begun: [] });
    this.proven = digestOf(plan.text);
    const { keys: kids, takenOver } = ids;
    this.options.logger.info({ ...this.options.place, epoch, kids, takenOver }, 'target is as told');
    return { takenOver: ids.takenOver };
  }

  /**
   * Whether what was proven stands there still. Nothing to say while nothing is.
   * @throws SinkError
   */
  async look(): Promise<void> {
    const { proven } = this;
    if (proven === undefined) return;
    const found = await this.options.target.read();
    // Written anew while it was read.
    if (this.proven !== proven) return;
    if (found === undefined || digestOf(found.text) !== proven)
      throw new SinkError('target_changed', this.options.place);
  }

  private async plan(keys: readonly SinkKey[]): Promise<Plan> {
    const { target, records, place, use, format, encoding } = this.options;
    const record = await records.read();
    const found = await target.read();
    const given = entriesOf(keys, use, encoding);
    const situation = { keys, given, held: spelled(keys, encoding), record };
    const kept = found === undefined ? [] : keptEntries({ ...situation, found: found.text }, this.options);
    const text = FORMATS[format].write([...given, ...kept]);
    if (Buffer.byteLength(text) > MOST_BYTES) throw new SinkError('too_large', place);
    return { text, kept, record, found };
  }

  private async replace(plan: Plan, epoch: number, ids: Pick<RingRecord, 'keys' | 'takenOver'>): Promise<void> {
    const { target, records, place } = this.options;
    const { text, found, record } = plan;
    this.tellOf(plan);
    await records.save({ ...ids, settled: record?.settled ?? null, begun: withBegun(text, record?.begun ?? []) });
    let failure: unknown;
    try {
      await target.replace(text, { found, token: this.token(epoch, text) });
    } catch (error) {
      // It may have been done all the same, and the answer lost: what stands there says so.
      failure = error;
    }
    const back = await target.read();
    if (back?.text !== text) throw failure ?? new SinkError('not_read_back', place);
  }

  private tellOf({ found, record, kept }: Plan): void {
    const { place, logger } = this.options;
    if (found === undefined && record !== undefined && record.settled !== null)
      logger.warn({ ...place }, 'target was gone');
    const stays = new Set(kept.map(([keyId]) => keyId));
    const gone = (record?.takenOver ?? []).filter((keyId) => !stays.has(keyId));
    if (gone.length > 0) logger.info({ ...place, kids: gone }, 'drops what it took over');
  }

  /**
   * Of scope, epoch and sink, and of the text: within one epoch a key's time may run out, and what then stands there is
   * another version.
   */
  private token(epoch: number, text: string): string {
    const { nodeId, scope, place } = this.options;
    return uuidOf(nodeId, [scope, epoch, place.target, digestOf(text)].join('\n'));
  }
}
