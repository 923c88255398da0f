import { Admission, trafficOn, type Traffic } from '@plexsphere/wire';

/** Where a message on a subject goes: what may come there, and who answers it. */
export interface Route<Handler> {
  admission: Admission;
  handler: Handler | undefined;
}

/** So many subjects are remembered, none longer than this; of a mesh with more Nodes each is found anew now and then. */
const MOST_KNOWN = 4_096;
const LONGEST_KNOWN = 256;

/** From a subject to its row of the table and its handler, looked for once for each subject. */
export class Routes<Handler> {
  private readonly handlers: { parts: readonly string[]; handler: Handler }[] = [];
  private readonly known = new Map<string, Route<Handler>>();

  constructor(private readonly table: readonly Traffic[]) {}

  /** The first pattern that a subject fits is its own. */
  add(pattern: string, handler: Handler): void {
    this.handlers.push({ parts: pattern.split('.'), handler });
    this.known.clear();
  }

  /** undefined where nobody may speak there. */
  on(subject: string): Route<Handler> | undefined {
    const known = this.known.get(subject);
    if (known !== undefined) return known;
    const traffic = trafficOn(subject, this.table);
    if (traffic === undefined) return undefined;
    const route = { admission: new Admission(traffic, subject), handler: this.handlerOf(subject) };
    if (subject.length <= LONGEST_KNOWN) {
      if (this.known.size >= MOST_KNOWN) this.known.clear();
      this.known.set(subject, route);
    }
    return route;
  }

  private handlerOf(subject: string): Handler | undefined {
    const tokens = subject.split('.');
    const fits = (parts: readonly string[]): boolean =>
      parts.length === tokens.length && parts.every((part, i) => part === '*' || part === tokens[i]);
    return this.handlers.find(({ parts }) => fits(parts))?.handler;
  }
}
