/** Chain messages. What many Nodes have slept through is read once for all of them. */
import { Injectable } from '@nestjs/common';
import { CHAIN_STATEMENTS, type Scope } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { chainPart, chainText, type ChainPart } from './chain-part';
import type { ChainPlace } from '../claim/claimed-node';
import { SharedTexts } from './shared-texts';
import { Signatures } from './signer-client';
import { readStatements } from './read-statements';

/** Statements never change; they are kept for as long as it is likely that another Node wants the same ones. */
const SHARED_FOR_MS = 60_000;
/** Nodes that slept for different times need different parts: the oldest leave first, and are read again. */
const MOST_CHARACTERS = 32 * 1_048_576;

@Injectable()
export class Chains {
  private readonly parts = new SharedTexts<ChainPart>({ forMs: SHARED_FOR_MS, characters: MOST_CHARACTERS });

  constructor(
    private readonly database: DataSource,
    private readonly signatures: Signatures,
  ) {}

  /** What a Node at `from` hears next on its way to these ring epochs. @throws Problem as the signer answered */
  async next(
    scope: Scope,
    from: ChainPlace,
    upTo: { epoch: number; platformEpoch: number },
  ): Promise<Pick<ChainPart, 'text' | 'told' | 'next'>> {
    const { afterEpoch, afterPlatformEpoch } = from;
    const key = [scope, afterEpoch, afterPlatformEpoch, upTo.epoch, upTo.platformEpoch].join(' ');
    const part = await this.parts.of(key, () => this.read(scope, from, upTo));
    const { told, next } = part;
    // Signed last, and not kept with the statements: it is handed out for a minute and no longer.
    const bundle = next === null ? await this.signatures.bundle(scope, upTo.epoch, upTo.platformEpoch) : undefined;
    return { text: chainText(part, bundle), told, next };
  }

  private async read(
    scope: Scope,
    from: ChainPlace,
    upTo: { epoch: number; platformEpoch: number },
  ): Promise<ChainPart> {
    const limit = CHAIN_STATEMENTS + 1;
    const rows = await readStatements(this.database.manager, scope, from, { upTo, limit });
    return chainPart(scope, from, upTo, rows);
  }
}
