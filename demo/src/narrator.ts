/**
 * Tells the story as it goes: on stdout for a person; on stderr under `--json`, so that stdout holds the result alone.
 */
export class Narrator {
  private readonly startedAt = performance.now();

  constructor(private readonly out: NodeJS.WriteStream) {}

  heading(title: string): void {
    this.out.write(`\n${title}\n`);
  }

  say(text: string): void {
    const seconds = ((performance.now() - this.startedAt) / 1_000).toFixed(1).padStart(5);
    this.out.write(`${seconds} s  ${text}\n`);
  }

  table(rows: [string, string][]): void {
    const width = Math.max(...rows.map(([name]) => name.length));
    this.out.write(`\n${rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')}\n`);
  }
}
