// test/vectors/envelopes.json is what a Go Node's own code produced. It is not made here, so it is not written anew: what
// is compared is that our code makes each accepted envelope's canonical text and signature from its fields and its seed.
import { createPrivateKey, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './generated-file.mjs';

const PATH = 'test/vectors/envelopes.json';
// RFC 8410 section 7: what stands before the 32 bytes of an Ed25519 seed in PKCS#8.
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

const { buildEnvelope, canonicalText, parseEnvelope } = createRequire(join(root, 'package.json'))('@plexsphere/wire');
const { vectors } = JSON.parse(await readFile(process.argv[2] ?? join(root, PATH), 'utf8'));
const accepted = vectors.filter(({ expect }) => expect === 'accept');
const wrong = accepted.filter((vector) => !isReproduced(vector));
if (accepted.length === 0) throw new Error(`${PATH} has no accepted envelope`);
for (const { name } of wrong) process.stderr.write(`${PATH}: ${name} is not what libs/wire makes of its fields.\n`);
if (wrong.length > 0) {
  process.stderr.write(
    `Nodes would refuse such envelopes. Run: npx jest --selectProjects unit libs/wire/src/vectors\n`,
  );
  process.exitCode = 1;
}

function isReproduced({ envelope, canonical_utf8, seed_b64, signature_b64 }) {
  const { eventType, eventId, issuedAt, nonce, payload } = parseEnvelope(envelope);
  const canonical = canonicalText({ eventType, eventId, issuedAt, nonce, payload });
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, Buffer.from(seed_b64, 'base64')]),
    format: 'der',
    type: 'pkcs8',
  });
  const signature = sign(null, Buffer.from(canonical), key);
  const again = parseEnvelope(buildEnvelope(canonical, { scope: 'platform', keyId: 'platform-1' }, signature));
  return (
    canonical === canonical_utf8 &&
    again.canonical === canonical_utf8 &&
    signature.toString('base64') === signature_b64 &&
    again.signature?.equals(signature) === true
  );
}
