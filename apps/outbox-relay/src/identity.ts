import { randomBytes } from 'node:crypto';

/** The name under which this process claims Nodes. Unique to the process: one that starts anew owns nothing. */
export class RelayIdentity {
  readonly name = `relay-${randomBytes(4).toString('hex')}`;
}
