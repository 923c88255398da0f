// The account's JWT at its largest: what the wire allows, and what it costs the signer.
import { randomBytes } from 'node:crypto';
import {
  encodeBusPublicKey,
  MAX_ACCOUNT_BYTES,
  MAX_REVOCATIONS,
  REVOCATION_LINES,
  parseRevocationLines,
  revocationLines,
  createBusKey,
} from '@plexsphere/wire';
import { signAccount } from './accounts';

const operatorSeed = createBusKey('operator').seed;
const account = createBusKey('account').publicKey;
const full = Array.from({ length: MAX_REVOCATIONS }, () => ({
  public_key: encodeBusPublicKey('user', randomBytes(32)),
  at: 1_800_000_000,
}));

it('S3: is below 512 KB with as many revocations as it may carry, and its request is below that', () => {
  const jwt = signAccount({ operatorSeed, accountPublicKey: account, revocations: full });
  expect(jwt.length).toBeLessThan(MAX_ACCOUNT_BYTES);
  expect(revocationLines(full).length).toBeLessThan(400_000);
});

it('S3: is signed in far less than the second that may pass between two', () => {
  let fastestMs = Infinity;
  for (let n = 0; n < 5; n++) {
    const beganAt = performance.now();
    signAccount({ operatorSeed, accountPublicKey: account, revocations: full });
    fastestMs = Math.min(fastestMs, performance.now() - beganAt);
  }
  expect(fastestMs).toBeLessThan(500);
});

it('S3: crosses the bus as lines, and comes out as it went in', () => {
  const lines = revocationLines(full);
  expect(lines).toMatch(REVOCATION_LINES);
  expect(parseRevocationLines(lines)).toEqual(full);
  expect(parseRevocationLines(revocationLines([]))).toEqual([]);
});

it.each(['x', `${full[0]?.public_key} 1`, `${full[0]?.public_key} -1\n`, ` ${full[0]?.public_key} 1\n`, '\n'])(
  'S3: refuses lines that are none: %j',
  (lines) => {
    expect(lines).not.toMatch(REVOCATION_LINES);
  },
);
