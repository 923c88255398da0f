/**
 * The server's time as the host reckons it: its own clock at first, then by what it was last told. A clock that is wrong
 * therefore strands nobody. Who lies about the time gets proofs with an odd end, of what they were shown anyway.
 */
import { PROOF_LIFE_S } from '@plexsphere/wire/jws';

export class ServerClock {
  private offsetMs = 0;

  constructor(private readonly own: () => Date) {}

  heard(now: string): void {
    this.offsetMs = Date.parse(now) - this.own().getTime();
  }

  now(): Date {
    return new Date(this.own().getTime() + this.offsetMs);
  }

  /** Seconds since 1970: the end of a proof that is made now. */
  proofEnd(): number {
    return Math.floor(this.now().getTime() / 1_000) + PROOF_LIFE_S;
  }
}
