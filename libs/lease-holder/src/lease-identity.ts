import { randomBytes } from 'node:crypto';

/** Who asks for leases. Each process draws its own: what a predecessor was granted is nothing to this one. */
export interface LeaseIdentity {
  readonly holder: string;
  /** Proves that a row in rotation's table is ours. Goes to rotation alone, and never to a log. */
  readonly secret: string;
}

export const drawIdentity = (): LeaseIdentity => ({
  holder: `signer-${randomBytes(4).toString('hex')}`,
  secret: randomBytes(32).toString('base64url'),
});
