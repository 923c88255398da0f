import { Turns, type Room } from './turns';

/** Turns of each caller apart from all others': who comes with a thousand at once waits for what is their own, and alone. */
export class TurnsOfEach {
  /** Of those who have something under way: `present` of it, in line or not. */
  private readonly callers = new Map<string, { turns: Turns; present: number }>();

  constructor(private readonly room: Room) {}

  /** @throws Problem tooManyWaiting, as `Turns.run`; what the work throws */
  async run<Result>(caller: string, work: () => Promise<Result>): Promise<Result> {
    const own = this.callers.get(caller) ?? { turns: new Turns(this.room), present: 0 };
    this.callers.set(caller, own);
    own.present++;
    try {
      return await own.turns.run(work);
    } finally {
      if (--own.present === 0) this.callers.delete(caller);
    }
  }
}
