/** One message as it goes on a Node's stream. */
import { Injectable } from '@nestjs/common';
import { headers as names, subjects } from '@plexsphere/wire';
import { Chains } from './chain-writer';
import type { ChainPlace, ClaimedNode } from '../claim/claimed-node';
import { Readies } from './ready-signer';
import { Signatures } from './signer-client';
import type { Saying, Told } from '../claim/next-message';

export interface Letter {
  subject: string;
  /** Unique for each attempt: de-duplication must catch a repeated publish and nothing else. */
  messageId: string;
  headers: Record<string, string>;
  body: string;
  /** What is true once it stands on the stream. */
  told: Told;
  /** Of outbox.message; of an ordinary event alone. */
  ordinaryId?: string;
  answeredHelloId?: string;
  /** Of a part of a chain: where the next one goes on; null after the last. */
  chain?: ChainPlace | null;
}

@Injectable()
export class LetterWriter {
  constructor(
    private readonly signatures: Signatures,
    private readonly chains: Chains,
    private readonly readies: Readies,
  ) {}

  /** @throws Problem as the signer answered */
  async write(node: ClaimedNode, saying: Saying): Promise<Letter> {
    switch (saying.kind) {
      case 'announce': {
        const body = await this.signatures.announcement(node, saying);
        return { ...envelopeFor(node, saying, 'event'), body, told: saying.told };
      }
      case 'chain': {
        const { text, told, next } = await this.chains.next(node.scope, saying.from, saying);
        return { ...envelopeFor(node, saying, 'chain'), body: text, told, chain: next };
      }
      case 'ready': {
        const { helloId, epoch, platformEpoch } = saying;
        const body = await this.readies.sign(node.scope, epoch, {
          node_id: node.nodeId,
          hello_id: helloId,
          platform_epoch: platformEpoch,
          resumes_after: node.settledPosition,
          last_position: node.lastPosition,
        });
        return { ...envelopeFor(node, { eventId: helloId, epoch }, 'event'), body, told: {}, answeredHelloId: helloId };
      }
      case 'ordinary': {
        const { message, epoch } = saying;
        const body = await this.signatures.envelope(node, message, epoch);
        const letter = envelopeFor(node, { eventId: message.eventId, epoch }, 'event');
        const headers = { ...letter.headers, [names.position]: String(message.position) };
        return { ...letter, headers, body, told: {}, ordinaryId: message.id };
      }
    }
  }
}

const envelopeFor = (
  node: ClaimedNode,
  { eventId, epoch }: { eventId: string; epoch: number },
  kind: 'event' | 'chain',
): Pick<Letter, 'subject' | 'messageId' | 'headers'> => ({
  subject: subjects.eventsOut(node.nodeId),
  messageId: `${eventId}.${node.nodeId}.${node.attempt}`,
  headers: { [names.kind]: kind, [names.epoch]: String(epoch) },
});
