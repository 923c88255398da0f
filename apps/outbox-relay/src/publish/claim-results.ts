/** What became of claims, written down many at a time. */
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Batcher } from '../batcher';
import type { ClaimKey, OrdinaryEvent } from '../claim/claimed-node';
import { RelayIdentity } from '../claim/claims';
import { adoptSequence } from './adopt-sequence';
import { giveUp } from './give-up';
import { markPublished, type Published } from './mark-published';
import { putBack } from './put-back';
import { releaseClaims, releaseOtherClaims, type Release } from '../claim/release-claims';

/** Long enough to gather what a batch of publishes brings, short enough that no Node notices. */
const GATHER_MS = 3;

@Injectable()
export class ClaimResults {
  private readonly marks = new Batcher<Published>(GATHER_MS, (published) => this.mark(published));
  private readonly releases = new Batcher<Release>(GATHER_MS, (releases) => this.release(releases));

  constructor(
    private readonly database: DataSource,
    private readonly identity: RelayIdentity,
  ) {}

  published(published: Published): Promise<void> {
    return this.marks.add(published);
  }

  /** Nothing was sent, and what was to be had never been: it waits as if it had not been claimed. */
  async putBack(release: Release, event: OrdinaryEvent): Promise<void> {
    await putBack(this.database.manager, this.identity.name, release, event);
    await this.released(release);
  }

  /** Nothing was sent; the Node may be claimed again after `deferMs`. */
  released(release: Release): Promise<void> {
    return this.releases.add(release);
  }

  /** Nobody will ever sign it: what is behind it goes on. */
  givenUp(claim: ClaimKey, messageId: string): Promise<unknown> {
    return giveUp(this.database.manager, this.identity.name, claim, messageId);
  }

  /** The stream's last message is not the one on record; false where the claim was lost. */
  otherSequence(claim: ClaimKey, sequence: number): Promise<boolean> {
    return this.database.transaction('READ COMMITTED', (manager) =>
      adoptSequence(manager, this.identity.name, claim, sequence),
    );
  }

  /** Nodes that are ours on record and are not worked on are free again. Returns how many. */
  releaseOthers(workedOn: readonly string[]): Promise<number> {
    return releaseOtherClaims(this.database.manager, this.identity.name, workedOn);
  }

  /** Everything that was to be written down is, and no Node is ours any more. */
  async finish(): Promise<void> {
    await Promise.all([this.marks.drain(), this.releases.drain()]);
    await releaseOtherClaims(this.database.manager, this.identity.name);
  }

  private mark(published: Published[]): Promise<void> {
    return this.database.transaction('READ COMMITTED', (manager) =>
      markPublished(manager, this.identity.name, published),
    );
  }

  private release(releases: Release[]): Promise<void> {
    return releaseClaims(this.database.manager, this.identity.name, releases);
  }
}
