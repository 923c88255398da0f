import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@plexsphere/testkit';
import { ALGORITHMS } from '@plexsphere/wire';
import type { ImportKeyReply, IssuerReply, VerifyReply } from '@plexsphere/wire/commands';
import { SignJWT, importPKCS8 } from 'jose';
import {
  AUDIENCE,
  basic,
  issuerAt,
  makeClient,
  makeIssuer,
  postForm,
  tokenOf,
  verifiedAt,
} from '../../src/oauth-hands';
import { startGuard } from '../../src/guard-verifier';
import type { Step } from '../../src/tell-story';

const KID = 'https://old.example.com/keys#1 (2029)';

/** Its public key is served here before anybody asks here, and goes when its last token is over; its private one never came. */
export const step: Step = async (world) => {
  const issuer = await makeIssuer(world, 'moved-here');
  const { scope, slug, url } = issuer;
  const key = await ALGORITHMS.RS256.generate();
  const pem = `-----BEGIN PRIVATE KEY-----\n${key.secret().toString('base64')}\n-----END PRIVATE KEY-----`;
  const privateKey = await importPKCS8(pem, 'RS256');
  const jwk = { ...key.publicKey?.jwk, alg: 'RS256', kid: KID };
  const theirs = (exp: string): Promise<string> =>
    new SignJWT({ sub: 'ann', scope: 'read' })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: KID })
      .setIssuer(url)
      .setAudience(AUDIENCE)
      .setExpirationTime(exp)
      .sign(privateKey);
  const folder = await mkdtemp(join(tmpdir(), 'plexsphere-'));
  try {
    const [open, secret] = [join(folder, 'old.jwk'), join(folder, 'private.jwk')];
    await writeFile(open, JSON.stringify(jwk));
    await writeFile(secret, JSON.stringify({ ...jwk, d: 'c2VjcmV0' }));
    const until = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
    const args = (file: string, seconds: number) => [
      ...['issuer', 'import', '--scope', scope, '--jwk', file],
      ...['--foreign-signs-until', until(seconds), '--foreign-token-life', '10m'],
    ];
    const refused = await world.plexctl(args(secret, 60));
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('field: jwk.d')]);

    const token = await theirs('10m');
    await expect(verifiedAt(url, issuer, token)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    await world.json([...args(open, 60), '--plan']);
    const imported = await world.json<ImportKeyReply>(args(open, 60));
    // Once it has returned every gateway shows it, and any verifier takes its tokens as it takes ours.
    const client = await makeClient(world, issuer, 'mover');
    const { access_token: ours } = await tokenOf(url, client);
    for (const at of [url, issuerAt(world, slug, 1)]) {
      expect((await verifiedAt(at, issuer, token)).payload.sub).toBe('ann');
      expect((await verifiedAt(at, issuer, ours)).payload.sub).toBe('mover');
    }
    const { guard } = startGuard(world, { issuer: url, audience: AUDIENCE, base: url });
    expect((await guard.verify(token)).claims.sub).toBe('ann');
    expect((await guard.verify(ours)).claims.sub).toBe('mover');
    guard.stop();
    const introspected = await postForm(url, '/oauth2/introspect', { token }, basic(client));
    expect(await introspected.json()).toMatchObject({ active: true, sub: 'ann', iss: url, aud: AUDIENCE });
    await writeFile(join(folder, 'token'), token);
    const verdict = await world.json<VerifyReply>([
      'signing',
      'verify',
      '--scope',
      scope,
      '--jws-file',
      join(folder, 'token'),
    ]);
    expect(verdict).toMatchObject({ valid: true, key_id: imported.imported_key_id });

    // The move takes longer than was thought.
    const later = await world.json<ImportKeyReply>(args(open, 120));
    expect(Date.parse(later.tokens_until)).toBeGreaterThan(Date.parse(imported.tokens_until));
    const earlier = await world.plexctl(args(open, 30));
    expect([earlier.exitCode, earlier.stderr]).toEqual([2, expect.stringContaining('foreign_signs_until')]);

    // What the clock does by itself.
    await world.query(
      `UPDATE ring.signing_key SET tokens_until = clock_timestamp() - interval '1 min', verifies_until = clock_timestamp()
        WHERE scope = $1 AND key_id = $2`,
      [scope, imported.imported_key_id],
    );
    const keysOf = async () => (await world.json<IssuerReply>(['issuer', 'show', '--slug', slug])).keys;
    await eventually(async () => (await keysOf()).every(({ jwk_kid }) => jwk_kid === undefined), {
      describe: 'the foreign key put away',
      timeoutMs: 60_000,
    });
    await expect(verifiedAt(url, issuer, token)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    expect((await verifiedAt(url, issuer, ours)).payload.sub).toBe('mover');
  } finally {
    await rm(folder, { recursive: true });
  }
};
