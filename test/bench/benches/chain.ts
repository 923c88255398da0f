import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { TestRings } from '@plexsphere/testkit';
import { PLATFORM, publicText } from '@plexsphere/wire';
import { anchorOfBundle, beginRings, endRings, readStatement, walkRings, type HeldRings } from '@plexsphere/wire/jws';
import type { Bench } from '../src/bench';
import { cpuMsEach } from '../src/repeated';
import { compared } from '../src/row';

const WARM = 10;
const SCOPE = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';

/** What a Node does that comes back after so many rotations: the longest chain that one message brings. */
export const bench: Bench = {
  name: 'chain',
  takesSeconds: 9,
  takesQuickly: 2,
  async run(benches) {
    await benches.alone();
    const links = benches.quick ? 64 : 256;
    const { held, statements, bundle, head, now } = await sleptThrough(links);
    const signed = statements.flatMap(signaturesOf);
    const ours = async (): Promise<void> => {
      const walk = walkRings(beginRings(held), { platformStatements: [], statements });
      const { ring } = await endRings(walk, bundle, now);
      if (ring instanceof Error || ring.statementHash !== head) throw new Error('the chain leads elsewhere');
    };
    const bare = async (): Promise<void> => {
      for (const { bytes, key, signature } of signed)
        if (!verify(null, bytes, key, signature)) throw new Error('a good signature is refused');
    };
    const took = (work: () => Promise<void>): Promise<number> => cpuMsEach(2, work);
    // Until the engine has made its best code of either: what that takes would be counted in the first rounds.
    for (let warm = 0; warm < WARM; warm++) {
      await ours();
      await bare();
    }
    const times = await benches.rounds({ ours: () => took(ours), peer: () => took(bare) }, { full: 25, quick: 7 });
    const against_what = `bare node:crypto: ${signed.length} verifies of bytes that stand ready, by keys that stand ready; reads and follows nothing. Ours is ${links} links and a bundle`;
    const told = { name: 'chain', unit: 'ms of CPU', better: 'lower', reach: 1.3, against_what } as const;
    return [compared(told, times.ours, times.peer)];
  },
};

/** What a Node holds from its enrolment, and all that came since. */
async function sleptThrough(
  links: number,
): Promise<{ held: HeldRings; statements: string[]; bundle: string; head: string; now: Date }> {
  const now = new Date();
  const rings = new TestRings();
  const platform = await rings.create(PLATFORM, 'platform-1', now);
  const ring = await rings.create(SCOPE, 'k1', now);
  const anchorOf = (each: typeof ring) => anchorOfBundle(each.anchor(), now.toISOString());
  const recoveryPublicKey = publicText(rings.recovery.privateKey);
  const held = { scope: SCOPE, platform: anchorOf(platform), ring: anchorOf(ring), recoveryPublicKey };
  for (let link = 0; link < links; link++) await ring.rotate(`k${link + 2}`, now);
  // A ring closes each rotation before the next: statements alone are what a chain is of.
  const statements = ring.statements.slice(1).map(({ text }) => text);
  return { held, statements, bundle: await rings.bundle(SCOPE, now), head: ring.statementHash, now };
}

interface Signed {
  bytes: Buffer;
  key: KeyObject;
  signature: Buffer;
}

/** The authority's, by the key that was active, and that of the key which came in. */
function signaturesOf(text: string): Signed[] {
  const { payload, signatures } = JSON.parse(text) as {
    payload: string;
    signatures: { protected: string; signature: string }[];
  };
  const { old_public_key, new_public_key } = readStatement(text);
  return signatures.map((each, index) => ({
    bytes: Buffer.from(`${each.protected}.${payload}`),
    key: ed25519(String(index === 0 ? old_public_key : new_public_key)),
    signature: Buffer.from(each.signature, 'base64url'),
  }));
}

/** Its raw 32 bytes behind what says what they are (RFC 8410). */
function ed25519(text: string): KeyObject {
  const key = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(text, 'base64')]);
  return createPublicKey({ key, format: 'der', type: 'spki' });
}
