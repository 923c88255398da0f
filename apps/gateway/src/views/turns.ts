import { problem } from '@plexsphere/wire';
import { RETRY_AFTER_S } from '../door/refuse';

export interface Room {
  atOnce: number;
  /** In line, and for how long. */
  waiting: number;
  patienceMs: number;
}

/** Work of which so much is under way at a time. The rest stands in line for a while, in the order in which it came. */
export class Turns {
  private underWay = 0;
  private readonly line = new Set<() => void>();

  constructor(private readonly room: Room) {}

  /** @throws Problem tooManyWaiting where there is no room in line, or its turn does not come in time; what the work throws */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.underWay < this.room.atOnce) this.underWay++;
    else await this.turn();
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private async turn(): Promise<void> {
    const { waiting, patienceMs } = this.room;
    const refused = () => problem('tooManyWaiting', { retry_after: RETRY_AFTER_S });
    if (this.line.size >= waiting) throw refused();
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.line.delete(enter);
        reject(refused());
      }, patienceMs);
      this.line.add(enter);
    });
  }

  /** Hands the place over, so that nobody slips in between. */
  private leave(): void {
    const [next] = this.line;
    if (next === undefined) {
      this.underWay--;
      return;
    }
    this.line.delete(next);
    next();
  }
}
