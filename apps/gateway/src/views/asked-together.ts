/** In one statement: what is beyond it is asked in the next one. */
const MOST_AT_ONCE = 128;

interface Asked<Key, Row> {
  key: Key;
  resolve: (row: Row | undefined) => void;
  reject: (error: unknown) => void;
}

/**
 * Reads a row for each who asks, anew each time: those who ask within one turn of the event loop share a statement, which
 * begins after the last of them has asked. So nobody is told of anything older than their question, and a database that is
 * asked by many at a time has less to do for each.
 */
export class AskedTogether<Key, Row> {
  private waiting: Asked<Key, Row>[] = [];

  /** `readAll` gives a row for each key, in their order; undefined for those of which there is none. */
  constructor(private readonly readAll: (keys: readonly Key[]) => Promise<readonly (Row | undefined)[]>) {}

  /** @throws what the reading throws, to all who share it */
  of(key: Key): Promise<Row | undefined> {
    return new Promise((resolve, reject) => {
      if (this.waiting.length === 0) setImmediate(() => this.ask());
      this.waiting.push({ key, resolve, reject });
    });
  }

  private ask(): void {
    const { waiting } = this;
    this.waiting = [];
    for (let from = 0; from < waiting.length; from += MOST_AT_ONCE) {
      void this.answer(waiting.slice(from, from + MOST_AT_ONCE));
    }
  }

  private async answer(asked: readonly Asked<Key, Row>[]): Promise<void> {
    try {
      const rows = await this.readAll(asked.map(({ key }) => key));
      for (const [place, { resolve }] of asked.entries()) resolve(rows[place]);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
