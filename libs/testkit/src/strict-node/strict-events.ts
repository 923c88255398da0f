/** Server-sent events as a second client reads them: lines of so many bytes, a blank one ends an event. */
export interface RawEvent {
  id: string;
  data: string;
}

/** In bytes, its line feed left out. */
const LONGEST_LINE = 65_535;
const LINE_FEED = 0x0a;

export class StrictEvents {
  private rest = Buffer.alloc(0);
  private id = '';
  private data: string[] = [];

  /** The events that these bytes complete; null: a line is too long, and nothing more is read. */
  read(bytes: Buffer): RawEvent[] | null {
    const events: RawEvent[] = [];
    this.rest = Buffer.concat([this.rest, bytes]);
    for (let end = this.rest.indexOf(LINE_FEED); end >= 0; end = this.rest.indexOf(LINE_FEED)) {
      if (end > LONGEST_LINE) return null;
      const event = this.line(this.rest.subarray(0, end).toString().replace(/\r$/, ''));
      if (event !== undefined) events.push(event);
      this.rest = this.rest.subarray(end + 1);
    }
    return this.rest.length > LONGEST_LINE ? null : events;
  }

  private line(text: string): RawEvent | undefined {
    if (text === '') {
      const event = { id: this.id, data: this.data.join('\n') };
      const isOne = this.data.length > 0;
      [this.id, this.data] = ['', []];
      return isOne ? event : undefined;
    }
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/s.exec(text)!;
    if (field === 'id') this.id = value;
    else if (field === 'data') this.data.push(value);
    return undefined;
  }
}
