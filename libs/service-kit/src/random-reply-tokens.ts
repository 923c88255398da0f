import { randomToken } from '@plexsphere/wire';
import { nuid } from 'nats';

/**
 * The library numbers its reply subjects from a random start, one after the other: who has seen one can name all that
 * follow, and answer what was asked of somebody else (a relay's stream, an operator's rotation). From here on each reply
 * subject of this process, JetStream's acknowledgements included, ends in 128 random bits of its own.
 */
export function useRandomReplyTokens(): void {
  nuid.next = randomToken;
}
