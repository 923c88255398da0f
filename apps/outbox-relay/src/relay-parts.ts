import { Chains } from './chains';
import { ChangesController } from './changes.controller';
import { Claims } from './claims';
import { ClockWatch } from './clock-watch';
import { Counters } from './counters';
import { Delivery } from './delivery';
import { EventStream } from './event-stream';
import { HelloAckController } from './hello-ack.controller';
import { Housekeeping } from './housekeeping';
import { RelayIdentity } from './identity';
import { LetterWriter } from './letter';
import { Outcomes } from './outcomes';
import { Publisher } from './publisher';
import { Readies } from './readies';
import { RelayLoop } from './relay-loop';
import { SettleBatcher } from './settle-batcher';
import { Signatures } from './signatures';

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
