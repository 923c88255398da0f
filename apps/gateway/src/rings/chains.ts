import { Injectable } from '@nestjs/common';
import type { Scope } from '@plexsphere/wire';
import { Strangers } from '../views/strangers';
import { ChainReader, placeAfter, type After, type ReadPart } from './chain-reader';
import { SharedReadings } from './shared-readings';

interface ChainQuestion {
  scope: Scope;
  after: After;
  /** Whether it is of a part behind another: after these very epochs, then. */
  goesOn: boolean;
}

/** Chains for anybody: whoever asks the same shares a reading, and few are under way at a time. */
@Injectable()
export class Chains {
  private readonly readings = new SharedReadings((question) =>
    this.strangers.readings.run(() => this.read(JSON.parse(question) as ChainQuestion)),
  );

  constructor(
    private readonly reader: ChainReader,
    private readonly strangers: Strangers,
  ) {}

  /**
   * By a reading that begins from now on.
   * @throws Problem unknownScope, tooManyWaiting
   */
  of({ scope, after: { epoch, platformEpoch }, goesOn }: ChainQuestion): Promise<ReadPart> {
    return this.readings.of(JSON.stringify({ scope, after: { epoch, platformEpoch }, goesOn }));
  }

  private async read({ scope, after, goesOn }: ChainQuestion): Promise<ReadPart> {
    const place = goesOn ? placeAfter(scope, after) : await this.reader.start(scope, after);
    return this.reader.read(scope, place);
  }
}
