import { headers as names, parseEnvelope } from '@plexsphere/wire';
import type { NextMessage } from '../claim/next-message';

/** What is known of an envelope that a gateway passes on. */
interface ForGateway {
  headers: Record<string, string>;
  /** When its signature says that it was made. */
  issuedAt: string;
}

/**
 * What a gateway looks at to see whether a Node that reads no statement may be shown a message, so that it need not read
 * what is signed. `asked`: whether a `stream_ready` answers somebody.
 */
export function forGateway(
  message: Exclude<NextMessage, { kind: 'chain' }>,
  trustEpoch: number,
  asked: boolean,
  body: string,
): ForGateway {
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
