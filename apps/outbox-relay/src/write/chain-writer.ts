/** Chain messages (ADR 0011). What many Nodes have slept through is read once for all of them. */
import { Injectable } from '@nestjs/common';
import type { ChainPart } from '@plexsphere/keyring';
import { CHAIN_STATEMENTS, type Scope } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import type { ChainNews } from '../claim/next-message';
import { chainText, writePart, type WrittenPart } from './chain-part';
import { SharedTexts } from './shared-texts';
import { SignerClient } from './signer-client';
import { readStatements } from './read-statements';

@Injectable()
export class ChainWriter {
  private readonly parts = new SharedTexts<WrittenPart>(({ text }) => text.length);

  constructor(
    private readonly database: DataSource,
    private readonly signers: SignerClient,
  ) {}

  /** What a Node at `from` hears next on its way to these ring epochs. @throws Problem as the signer answered */
  async next(scope: Scope, news: ChainNews): Promise<{ text: string; part: ChainPart }> {
    const { from, epoch, platformEpoch } = news;
    const written = await this.parts.of([scope, JSON.stringify(from), epoch, platformEpoch].join(' '), () =>
      this.read(scope, news),
    );
    const { part } = written;
    // Signed last, and not kept with the statements: it is handed out for a minute and no longer.
    const bundle = part.next === null ? await this.signers.bundle(scope, epoch, platformEpoch) : undefined;
    return { text: chainText(written, bundle), part };
  }

  private async read(scope: Scope, { from, ...upTo }: ChainNews): Promise<WrittenPart> {
    const limit = CHAIN_STATEMENTS + 1;
    return writePart(from, await readStatements(this.database.manager, scope, from, { upTo, limit }));
  }
}
