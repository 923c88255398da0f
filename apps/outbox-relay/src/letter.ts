/** One message as it goes on a Node's stream. */
import { Injectable } from '@nestjs/common';
import { headers as names, subjects, type Chain } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import type { ClaimedNode } from './claim';
import { Signatures } from './signatures';
import { readStatements } from './sql/read-statements';
import type { Saying, Told } from './what-to-say';

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
}

@Injectable()
export class LetterWriter {
  constructor(
    private readonly database: DataSource,
    private readonly signatures: Signatures,
  ) {}

  /** @throws Problem as the signer answered */
  async write(node: ClaimedNode, saying: Saying): Promise<Letter> {
    switch (saying.kind) {
      case 'announce': {
        const body = await this.signatures.announcement(node, saying);
        return { ...envelopeFor(node, saying, 'event'), body, told: saying.told };
      }
      case 'chain': {
        const body = JSON.stringify(await this.chain(node, saying));
        return { ...envelopeFor(node, saying, 'chain'), body, told: saying.told };
      }
      case 'ready': {
        const { helloId, epoch } = saying;
        const letter = envelopeFor(node, { eventId: helloId, epoch }, 'ready');
        const body = JSON.stringify({ hello_id: helloId, epoch, position: node.lastPosition });
        return {
          ...letter,
          headers: { ...letter.headers, [names.hello]: helloId },
          body,
          told: {},
          answeredHelloId: helloId,
        };
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

  private async chain(node: ClaimedNode, to: { epoch: number; platformEpoch: number }): Promise<Chain> {
    const [bundle, statements] = await Promise.all([
      this.signatures.bundle(node.scope, to.epoch, to.platformEpoch),
      readStatements(this.database.manager, node, to),
    ]);
    return { platform_statements: statements.platform, statements: statements.own, bundle };
  }
}

const envelopeFor = (
  node: ClaimedNode,
  { eventId, epoch }: { eventId: string; epoch: number },
  kind: 'event' | 'chain' | 'ready',
): Pick<Letter, 'subject' | 'messageId' | 'headers'> => ({
  subject: subjects.eventsOut(node.nodeId),
  messageId: `${eventId}.${node.nodeId}.${node.attempt}`,
  headers: { [names.kind]: kind, [names.epoch]: String(epoch) },
});
