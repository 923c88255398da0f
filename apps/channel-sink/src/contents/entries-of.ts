import type { SinkKey, Use } from '../sink-key';
import { encoded, type Encoding } from './encodings';
import type { Entry } from './formats';

export const spelled = (keys: readonly SinkKey[], encoding: Encoding): Entry[] =>
  keys.map(({ keyId, secret }): Entry => [keyId, encoded(secret, encoding)]);

/**
 * What the party is given: all keys to verify by, newest first, one that is staged among them; to sign by the active one and
 * no other, since which of several it would take is not ours to say.
 */
export const entriesOf = (keys: readonly SinkKey[], use: Use, encoding: Encoding): Entry[] =>
  spelled(
    keys.filter((key) => use === 'verify' || key.active),
    encoding,
  );
