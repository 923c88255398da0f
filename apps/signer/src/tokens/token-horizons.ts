import { Injectable } from '@nestjs/common';
import { raiseHorizon, readHorizon, type KeyName } from '@plexsphere/material';
import type { PrivateKey } from '@plexsphere/wire';
import { Material } from '../keys/material';

/** How far beyond what is needed a horizon is written, at the most: so often is one written while tokens are signed. */
const LONGEST_STEP_MS = 60_000;

/** A quarter of the ceiling, where that is less: what it adds to the wait for a key's last token stays in proportion. */
const STEPS_PER_CEILING = 4;

export const stepMs = (ceilingMs: number): number => Math.min(LONGEST_STEP_MS, ceilingMs / STEPS_PER_CEILING);

/** Of one key: what stands in the database for certain, as far as this process knows, and the write that is under way. */
interface Known {
  untilMs: number;
  raising: Promise<void> | undefined;
}

/**
 * Sees to it that no token lives longer than its key's horizon says, which stands in the database before the token is signed.
 * Ahead by a step, so that a token in many waits for a write and none makes its own.
 */
@Injectable()
export class TokenHorizons {
  /** Goes with the key: who loads it anew writes once more than is needed. */
  private readonly known = new WeakMap<PrivateKey, Known>();

  constructor(private readonly material: Material) {}

  /** Returns once the horizon of that key is committed and no earlier than `until`. */
  async reach(name: KeyName, key: PrivateKey, until: Date, ceilingMs: number): Promise<void> {
    const known = this.known.get(key) ?? { untilMs: -Infinity, raising: undefined };
    this.known.set(key, known);
    while (known.untilMs < until.getTime()) {
      known.raising ??= this.raise(name, known, new Date(until.getTime() + stepMs(ceilingMs)));
      await known.raising;
    }
  }

  /** From the database: other signers write there too, and what this one remembers may be of before a restore. */
  read(name: KeyName): Promise<Date | null> {
    return readHorizon(this.material.database, name);
  }

  private async raise(name: KeyName, known: Known, to: Date): Promise<void> {
    try {
      known.untilMs = (await raiseHorizon(this.material.database, name, to)).getTime();
    } finally {
      known.raising = undefined;
    }
  }
}
