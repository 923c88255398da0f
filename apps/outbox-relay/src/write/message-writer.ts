/** What goes on a Node's stream: a signed envelope or a part of a chain, and where it goes. */
import { Injectable } from '@nestjs/common';
import { toldBy, type ChainPart, type ChainPlace } from '@plexsphere/keyring';
import { Problem, headers as names } from '@plexsphere/wire';
import type { ClaimedNode } from '../claim/claimed-node';
import type { Announcement, ChainNews, NextMessage, Told } from '../claim/next-message';
import { RECEIVERS } from '../receivers';
import { ChainWriter } from './chain-writer';
import { ringOfNews } from './channel-news';
import { forGateway } from './gateway-headers';
import { ReadySigner } from './ready-signer';
import { SignerClient } from './signer-client';

export interface OutgoingMessage {
  subject: string;
  /** Unique for each attempt: de-duplication must catch a repeated publish and nothing else. */
  messageId: string;
  headers: Record<string, string>;
  body: string;
  marks: Marks;
}

/** What is to be marked once it stands on the stream. */
export interface Marks {
  told: Told;
  /** Of outbox.message; of an ordinary event alone. */
  ordinaryId?: string;
  answeredHelloId?: string;
  /** Of a part of a chain: where the next one goes on; null after the last, which puts right what a hello said. */
  chain?: ChainPlace | null;
  correctedHelloId?: string;
  /** To a Node that reads no statement: when the envelope was issued, and a `stream_ready` by what it says. */
  issuedAt?: string;
  ready?: { epoch: number; position: number };
}

@Injectable()
export class MessageWriter {
  constructor(
    private readonly signers: SignerClient,
    private readonly chains: ChainWriter,
    private readonly readies: ReadySigner,
  ) {}

  /** @throws Problem as the signer answered */
  async write(node: ClaimedNode, message: NextMessage): Promise<OutgoingMessage> {
    switch (message.kind) {
      case 'announce': {
        const body = await this.signers.announcement(node, message).catch((error: unknown) => instead(message, error));
        if (typeof body !== 'string') return this.write(node, body);
        return envelope(node, message, { id: message.eventId, body, marks: { told: message.told } });
      }
      case 'chain': {
        const { text: body, part } = await this.chains.next(node.scope, message);
        const headers = { [names.kind]: 'chain' };
        return { ...addressed(node, message.eventId), headers, body, marks: chainMarks(node, message, part) };
      }
      case 'ready': {
        const { helloId, epoch, platformEpoch, trustEpoch, position } = message;
        const body = await this.readies.sign(node.scope, epoch, {
          node_id: node.nodeId,
          hello_id: helloId,
          platform_epoch: platformEpoch,
          // One with a position of its own says that all before it has no number any more.
          resumes_after: position ?? node.settledPosition,
          last_position: position ?? node.lastPosition,
        });
        const ready = trustEpoch !== undefined && position !== undefined && { ready: { epoch: trustEpoch, position } };
        return envelope(node, message, { id: helloId, body, marks: { told: {}, answeredHelloId: helloId, ...ready } });
      }
      case 'ordinary': {
        const { event, epoch } = message;
        const body = await (event.channel === null
          ? this.signers.envelope(node, event, epoch)
          : this.signers.channelKeys(node.nodeId, event.eventId, ringOfNews(node, event.channel), epoch));
        return envelope(node, message, { id: event.eventId, body, marks: { told: {}, ordinaryId: event.id } });
      }
    }
  }
}

function envelope(
  node: ClaimedNode,
  message: Exclude<NextMessage, { kind: 'chain' }>,
  { id, body, marks }: { id: string; body: string; marks: Marks },
): OutgoingMessage {
  const headers: Record<string, string> = { [names.kind]: 'event' };
  if (message.kind === 'ordinary') headers[names.position] = `${message.event.position}`;
  const { subject, messageId } = addressed(node, id);
  // Most Nodes read statements, and this runs for each of them.
  if (message.trustEpoch === undefined) return { subject, messageId, headers, body, marks };
  const { headers: more, issuedAt } = forGateway(message, message.trustEpoch, node.hello !== null, body);
  return { subject, messageId, headers: { ...headers, ...more }, body, marks: { ...marks, issuedAt } };
}

/** What needs no such key. Another signer might open it, but the Node would wait for that one. @throws Problem any other */
function instead({ otherwise }: Announcement, error: unknown): ChainNews {
  if (otherwise === null || !isUnannounceable(error)) throw error;
  return otherwise;
}

/**
 * Another try would be answered the same: the key does not open, it is not one that a signer may announce by as its ring is,
 * or what the ring's last statement says is not all that an announcement would have to tell.
 */
export const isUnannounceable = (error: unknown): boolean =>
  error instanceof Problem &&
  (error.is('keyUnavailable') ||
    error.is('unknownKey') ||
    (error.is('invariantViolation') && error.body.field === 'event_type'));

/** What stands on the stream when a part does. */
export function chainMarks({ hello, ...node }: ClaimedNode, { from, ...end }: ChainNews, part: ChainPart): Marks {
  const before = { epoch: node.toldEpoch, platformEpoch: node.toldPlatformEpoch };
  const corrected = part.next === null && hello !== null ? { correctedHelloId: hello.helloId } : {};
  return { told: toldBy(from, part, before, end), chain: part.next, ...corrected };
}

const addressed = (
  { listens, nodeId, attempt }: ClaimedNode,
  id: string,
): Pick<OutgoingMessage, 'subject' | 'messageId'> => ({
  subject: RECEIVERS[listens].subject(nodeId),
  messageId: `${id}.${nodeId}.${attempt}`,
});
