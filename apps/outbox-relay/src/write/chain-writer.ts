/** Chain messages (ADR 0011). What many Nodes have slept through is read once for all of them. */
import { Injectable } from '@nestjs/common';
import type { Told } from '@plexsphere/keyring';
import { CHAIN_STATEMENTS, type Scope } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { chainPart, chainText, type ChainPart } from './chain-part';
import type { ChainPlace } from '../claim/claimed-node';
import { SharedTexts } from './shared-texts';
import { SignerClient } from './signer-client';
import { readStatements } from './read-statements';

@Injectable()
export class ChainWriter {
  private readonly parts = new SharedTexts<ChainPart>(({ text }) => text.length);

  constructor(
    private readonly database: DataSource,
    private readonly signers: SignerClient,
  ) {}

  /** What a Node at `from` hears next on its way to these ring epochs. @throws Problem as the signer answered */
  async next(scope: Scope, from: ChainPlace, upTo: Told): Promise<Pick<ChainPart, 'text' | 'told' | 'next'>> {
    const { afterEpoch, afterPlatformEpoch } = from;
    const key = [scope, afterEpoch, afterPlatformEpoch, upTo.epoch, upTo.platformEpoch].join(' ');
    const part = await this.parts.of(key, () => this.read(scope, from, upTo));
    const { told, next } = part;
    // Signed last, and not kept with the statements: it is handed out for a minute and no longer.
    const bundle = next === null ? await this.signers.bundle(scope, upTo.epoch, upTo.platformEpoch) : undefined;
    return { text: chainText(part, bundle), told, next };
  }

  private async read(scope: Scope, from: ChainPlace, upTo: Told): Promise<ChainPart> {
    const limit = CHAIN_STATEMENTS + 1;
    const rows = await readStatements(this.database.manager, scope, from, { upTo, limit });
    return chainPart(scope, from, upTo, rows);
  }
}
