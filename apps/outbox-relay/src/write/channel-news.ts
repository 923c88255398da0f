/** News of a channel's ring for one of its members: what is a row of it, and what nobody will ever say. */
import {
  CHANNEL_KEYS_CHANGED,
  PLATFORM,
  Problem,
  channelOf,
  parseEnvelope,
  problem,
  type Scope,
} from '@plexsphere/wire';
import type { ChannelRing, ClaimedNode } from '../claim/claimed-node';
import type { NextMessage } from '../claim/next-message';
import { RECEIVERS } from '../receivers';

/** One that there is. */
export interface KnownRing {
  scope: Scope;
  epoch: number;
}

/**
 * Members are Nodes of the platform, by whose key they are told, and read what they are told.
 * @throws Problem invariantViolation, field `scope`, where the row is for anybody else or of no ring: rotation writes none
 */
export function ringOfNews({ scope, listens }: ClaimedNode, { scope: ring, epoch }: ChannelRing): KnownRing {
  const mayBeMember = scope === PLATFORM && RECEIVERS[listens].readsStatements;
  if (!mayBeMember || epoch === null || channelOf(ring) === undefined)
    throw problem('invariantViolation', { field: 'scope' });
  return { scope: ring, epoch };
}

/** Of another event it would stand at this one's position, and the Node would take it for what it is not. */
export function isNewsOf(eventId: string, envelope: string): boolean {
  try {
    const said = parseEnvelope(envelope);
    return said.eventId === eventId && said.eventType === CHANNEL_KEYS_CHANGED;
  } catch {
    return false;
  }
}

/** What rotation says of a row: of which ring it is, for whom, and under which id. A signer refuses it by these names. */
const SAID_BY_ROW: readonly unknown[] = ['scope', 'node_id', 'event_id'];

/** Whether every signer would answer the same for ever: where such a row stayed, its Node would hear nothing behind it. */
export const isUnsayable = (message: NextMessage, error: Problem): boolean =>
  message.kind === 'ordinary' &&
  message.event.channel !== null &&
  error.is('invariantViolation') &&
  SAID_BY_ROW.includes(error.body.field);
