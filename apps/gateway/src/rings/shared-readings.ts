interface Reading<Value> {
  value: Promise<Value>;
  /** The one that begins when this one has ended, for all who asked meanwhile. */
  next?: Promise<Value>;
}

/**
 * What is read anew for everybody, and by one reading at a time of each name: whoever asks while one is under way shares the
 * next one with all who do, since what is under way may have been read before they asked. So any number of strangers keep a
 * database no busier than one.
 */
export class SharedReadings<Value> {
  private readonly underWay = new Map<string, Reading<Value>>();

  constructor(private readonly read: (name: string) => Promise<Value>) {}

  /** By a reading that begins from now on. */
  of(name: string): Promise<Value> {
    const found = this.underWay.get(name);
    if (found === undefined) return this.begin(name);
    const ended = found.value.then(nothing, nothing);
    return (found.next ??= ended.then(() => this.begin(name)));
  }

  private begin(name: string): Promise<Value> {
    const reading: Reading<Value> = { value: this.read(name) };
    this.underWay.set(name, reading);
    const ended = (): void => {
      if (reading.next === undefined) this.underWay.delete(name);
    };
    reading.value.then(ended, ended);
    return reading.value;
  }
}

const nothing = (): void => undefined;
