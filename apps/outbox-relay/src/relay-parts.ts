import { Chains } from './write/chain-writer';
import { ChangesController } from './changes.controller';
import { Claims } from './claim/claims';
import { ClockWatch } from './clock-watch';
import { Counters } from './counters';
import { Delivery } from './delivery';
import { EventStream } from './publish/event-stream';
import { HelloAckController } from './settle/hello-ack.controller';
import { Housekeeping } from './housekeeping/housekeeping';
import { RelayIdentity } from './identity';
import { LetterWriter } from './write/message-writer';
import { Outcomes } from './publish/claim-results';
import { Publisher } from './publish/publisher';
import { Readies } from './write/ready-signer';
import { RelayLoop } from './relay-loop';
import { SettleBatcher } from './settle/hello-ack-batches';
import { Signatures } from './write/signer-client';

/** Everything of a relay but its database, its bus and its configuration. */
export const relayParts = {
  controllers: [HelloAckController, ChangesController],
  providers: [
    RelayIdentity,
    Counters,
    ClockWatch,
    EventStream,
    Claims,
    Signatures,
    Chains,
    Readies,
    LetterWriter,
    Publisher,
    Outcomes,
    Delivery,
    RelayLoop,
    SettleBatcher,
    Housekeeping,
  ],
};
