import { Module, type DynamicModule } from '@nestjs/common';
import { LOGGER, ThrottledLog, closedLast, type Logger } from '@plexsphere/service-kit';
import { DataSource } from 'typeorm';
import { ChangesController } from './changes.controller';
import { Candidates } from './claim/candidates';
import { Claims, RelayIdentity } from './claim/claims';
import { ClockWatch } from './clock-watch';
import { Counters } from './counters';
import { Delivery } from './delivery';
import { Housekeeping } from './housekeeping/housekeeping';
import { ClaimResults } from './publish/claim-results';
import { EventStream } from './publish/event-stream';
import { Publisher } from './publish/publisher';
import { RelayLoop } from './relay-loop';
import { RingWatch } from './ring-watch';
import { WordWatch } from './word-watch';
import { HelloAckBatches } from './settle/hello-ack-batches';
import { HttpWordsController } from './settle/http-words.controller';
import { HelloAckController } from './settle/hello-ack.controller';
import { KeyMarking } from './settle/key-marking';
import { WordBatches } from './settle/word-batches';
import { ChainWriter } from './write/chain-writer';
import { EnvelopeSigner } from './write/envelope-signer';
import { MessageWriter } from './write/message-writer';
import { ReadySigner } from './write/ready-signer';
import { SignerClient } from './write/signer-client';

/** Everything of a relay but its database, its bus and its configuration. */
export const relayParts = {
  controllers: [HelloAckController, HttpWordsController, ChangesController],
  providers: [
    { provide: ThrottledLog, useFactory: (logger: Logger) => new ThrottledLog(logger), inject: [LOGGER] },
    RelayIdentity,
    RingWatch,
    WordWatch,
    Counters,
    ClockWatch,
    EventStream,
    Candidates,
    Claims,
    EnvelopeSigner,
    SignerClient,
    ChainWriter,
    ReadySigner,
    MessageWriter,
    Publisher,
    ClaimResults,
    Delivery,
    RelayLoop,
    KeyMarking,
    HelloAckBatches,
    WordBatches,
    Housekeeping,
  ],
};

@Module({})
export class RelayModule {
  static over(database: DataSource): DynamicModule {
    const providers = [...relayParts.providers, ...closedLast(DataSource, database)];
    return { module: RelayModule, ...relayParts, providers };
  }
}
