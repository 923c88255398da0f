/** The record of one ring, in the folder of the Node's own trust, which its process alone has open. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SinkError, type Place, nameOf } from '../sink-error';
import { writeAtomically } from '@plexsphere/disk';
import { readRecord, recordText, type RingRecord } from './ring-record';

export class RecordFile {
  private readonly path: string;

  constructor(
    folder: string,
    private readonly place: Place,
  ) {
    this.path = join(folder, `sink-${place.ring}.json`);
  }

  /**
   * Undefined before the first write to this target.
   * @throws SinkError `record_damaged`: never passed over, or what others wrote could not be told from ours
   */
  async read(): Promise<RingRecord | undefined> {
    const text = await this.text();
    if (text === undefined) return undefined;
    const record = readRecord(text);
    if (record === undefined) throw new SinkError('record_damaged', this.place);
    return record.target === this.place.target ? record : undefined;
  }

  async save(record: Omit<RingRecord, 'target'>): Promise<void> {
    await writeAtomically(this.path, recordText({ ...record, target: this.place.target }));
  }

  private async text(): Promise<string | undefined> {
    try {
      return await readFile(this.path, 'utf8');
    } catch (error) {
      if (nameOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}
