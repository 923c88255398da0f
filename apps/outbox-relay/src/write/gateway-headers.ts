import { headers as names, parseEnvelope } from '@plexsphere/wire';
import type { NextMessage } from '../claim/next-message';

/** What is known of an envelope that a gateway passes on. */
interface ForGateway {
  headers: Record<string, string>;
  /** When its signature says that it was made; for Nodes that are told of it by epochs and times alone. */
  issuedAt?: string;
}

/**
 * What a gateway looks at to see whether a Node that reads no statement may be shown a message, so that it need not read
 * what is signed; nothing for any other Node. `asked`: whether a `stream_ready` answers somebody.
 */
export function forGateway(message: Exclude<NextMessage, { kind: 'chain' }>, asked: boolean, body: string): ForGateway {
  const { trustEpoch } = message;
  if (trustEpoch === undefined) return { headers: {} };
  const { eventType, issuedAt } = parseEnvelope(body);
  const headers = {
    [names.trustEpoch]: `${trustEpoch}`,
    [names.eventType]: eventType,
    [names.issuedAt]: issuedAt,
    ...(message.kind === 'announce' && message.from !== undefined && { [names.from]: `${message.from}` }),
    ...(message.kind === 'ready' && {
      [names.helloId]: asked ? message.helloId : '',
      ...(message.position !== undefined && { [names.position]: `${message.position}` }),
    }),
  };
  return { headers, issuedAt };
}
