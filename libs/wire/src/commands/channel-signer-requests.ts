/** What signers do for channels: they tell members what they hold, and check what those prove. */
import { IsUUID } from '../validator';
import { IsProofs } from './constraints';
import { EnvelopeRequest, TimedSigning, type EnvelopeReply } from './signer-requests';

/**
 * The event `channel_keys_changed` for one member of the ring `scope`, which is a channel's: `epoch` is that of `platform`,
 * whose key signs it. What it says the signer takes from its ring, which names the members and their sealing keys.
 */
export class AnnounceChannel extends EnvelopeRequest {
  @IsUUID()
  node_id: string;
}

export interface AnnounceChannelReply extends EnvelopeReply {
  /** Of the channel's ring, as it was told. */
  ring_epoch: number;
}

/** Of one request: of all keys of a ring, and some to spare. */
export const PROOFS_PER_REQUEST = 16;

/** Whether members hold what they say they do. */
export class CheckProofs extends TimedSigning {
  @IsProofs(PROOFS_PER_REQUEST)
  proofs: ProofFields[];
}

export interface ProofFields {
  node_id: string;
  key_id: string;
  /** As the member said it. */
  epoch: number;
  proof: string;
}

export interface CheckProofsReply {
  /** In the order of `proofs`. `unknown_key`: this signer's ring does not hold it, or not yet. */
  results: ('right' | 'wrong' | 'unknown_key')[];
}
