import { randomBytes, type JsonWebKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { JwksReply } from '@plexsphere/wire/commands';
import { ALGORITHMS, PLATFORM, bearerHash, parseTokenFile, publicKeyFromJwk } from '@plexsphere/wire';
import { SignJWT, decodeJwt } from 'jose';
import { ASSERTION_TYPE, makeClientKey } from '../../src/client-key';
import { everyCell, inDatabase, type Cell } from '../../src/everything-kept';
import { basic, issuerAt, makeClient, makeIssuer, postForm, tokenAt, tokenOf } from '../../src/oauth-hands';
import { fingerprintOf, publicHalvesOf } from '../../src/private-halves';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';

/** All of the database, as its owner reads it, in the hands of somebody who has nothing else. */
export const step: Step = async (world) => {
  const issuer = await makeIssuer(world, 'leaked');
  const gateways = [issuer.url, issuerAt(world, issuer.slug, 1)];
  const billing = await makeClient(world, issuer, 'billing');
  const key = await makeClientKey('j1');
  const publicKey = publicKeyFromJwk({ ...key.jwk })?.publicKey.text ?? '';
  await makeClient(world, issuer, 'jobs', { keys: [{ key_id: 'j1', algorithm: 'ES256', public_key: publicKey }] });
  const assertion = await key.assertion('jobs', issuer.url);
  const assert = (text: string) => ({ client_assertion: text, client_assertion_type: ASSERTION_TYPE });
  await tokenOf(issuer.url, billing);
  await tokenAt(issuer.url, assert(assertion));

  const cells = await everyCell(world);
  const ofBilling = rowsOf(cells, 'ring.client_secret', issuer.scope).flatMap(spelled);
  expect(ofBilling).toContain(bearerHash(billing.secret));
  await refusedAsClient(gateways, billing.id, ofBilling);
  // What is public of a client's key, in place of a secret.
  for (const bytes of [Buffer.from(publicKey), Buffer.from(publicKey, 'base64')]) {
    const claims = decodeJwt(await key.assertion('jobs', issuer.url));
    const forged = new SignJWT(claims).setProtectedHeader({
      ...{ alg: 'HS256', kid: 'j1' },
    });
    expect(await answerTo(gateways[1], assert(await forged.sign(bytes)))).toBe(REFUSED);
  }
  // One that was used is not to be had there, and is worth nothing.
  expect(await inDatabase(world, { jti: decodeJwt(assertion).jti ?? '', signature: assertion })).toEqual([]);
  expect(await answerTo(gateways[1], assert(assertion))).toBe(REFUSED);
  // They are who they were all the same.
  await tokenOf(gateways[1] ?? '', billing);

  await nobodyCommands(world, gateways, cells);
  await nothingSigns(world, issuer.scope, cells);
};

const REFUSED = '401 invalid_client';
/** As whoever has read it may write it. */
const spelled = ({ value }: Cell): string[] =>
  typeof value === 'string'
    ? [value]
    : (['hex', 'base64', 'base64url', 'latin1'] as const).map((form) => value.toString(form));

async function refusedAsClient(gateways: string[], id: string, secrets: string[]): Promise<void> {
  for (const [index, secret] of secrets.entries()) {
    const proof = index % 4 < 2 ? { client_id: id, client_secret: secret } : undefined;
    const header = proof === undefined ? basic({ id, secret }) : undefined;
    expect(await answerTo(gateways[index % 2], proof ?? {}, header)).toBe(REFUSED);
  }
}

async function answerTo(at = '', form: Record<string, string> = {}, header?: string): Promise<string> {
  const response = await postForm(at, '/oauth2/token', { grant_type: 'client_credentials', ...form }, header);
  return `${response.status} ${((await response.json()) as { error?: string }).error ?? ''}`;
}

/** What stands of an operator is no bearer of theirs. */
async function nobodyCommands(world: World, gateways: string[], cells: Cell[]): Promise<void> {
  const statusFor = async (bearer: string, at = ''): Promise<number> => {
    const headers = { authorization: `Bearer ${bearer}` };
    return (await fetch(`${at}/api/v1/admin/keys`, { headers })).status;
  };
  const { bearer = '' } = parseTokenFile(await readFile(world.stack.tokenFile, 'utf8'));
  const hashes = cells.flatMap(({ table, column, value }) =>
    table === 'ring.operator' && column === 'bearer_hash' ? [String(value)] : [],
  );
  expect(hashes).toContain(bearerHash(bearer));
  const bytes = Buffer.from(bearerHash(bearer), 'hex');
  for (const hash of [bearerHash(bearer), bytes.toString('base64'), bytes.toString('base64url')]) {
    for (const at of gateways) expect(await statusFor(hash, at)).toBe(401);
  }
  for (const at of gateways) expect(await statusFor(bearer, at)).toBe(200);
}

/** No value is the private half of a key that verifies, and of those that are wrapped no part is. */
async function nothingSigns(world: World, scope: string, cells: Cell[]): Promise<void> {
  const sets = await Promise.all(
    [scope, PLATFORM].map((of) => world.json<JwksReply>(['signing', 'jwks', '--scope', of])),
  );
  const verify = new Set(sets.flatMap(({ keys }) => keys.map((key) => fingerprintOf(key as JsonWebKey))));
  expect(verify.size).toBe(3);
  const wrapped = rowsOf(cells, 'material.wrapped_key', scope, PLATFORM);
  expect(wrapped.some(({ value }) => Buffer.isBuffer(value))).toBe(true);
  const opened = cells.filter((cell) =>
    bytesOf(cell.value).some((bytes) => {
      const halves = publicHalvesOf(bytes, { anywhere: wrapped.includes(cell) && Buffer.isBuffer(cell.value) });
      return halves.some((half) => verify.has(half));
    }),
  );
  expect(opened.map(({ table, column }) => `${table}.${column}`)).toEqual([]);
  await seesWhatIsNotWrapped();
}

function rowsOf(cells: Cell[], table: string, ...scopes: string[]): Cell[] {
  const ofTable = cells.filter((cell) => cell.table === table);
  const rows = ofTable.flatMap(({ column, row, value }) =>
    column === 'scope' && scopes.includes(String(value)) ? [row] : [],
  );
  return ofTable.filter(({ row }) => rows.includes(row));
}

const bytesOf = (value: string | Buffer): Buffer[] =>
  Buffer.isBuffer(value)
    ? [value]
    : [
        Buffer.from(value),
        Buffer.from(value, 'base64'),
        ...(/^(?:[\da-f]{2})+$/.test(value) ? [Buffer.from(value, 'hex')] : []),
      ];

/** Of a key of either kind the look above sees the private half, wherever in a value it stands. */
async function seesWhatIsNotWrapped(): Promise<void> {
  for (const name of ['Ed25519', 'ES256'] as const) {
    const made = await ALGORITHMS[name].generate();
    const half = fingerprintOf(made.publicKey?.jwk as JsonWebKey);
    const hidden = Buffer.concat([randomBytes(12), made.secret(), randomBytes(16)]);
    expect(publicHalvesOf(hidden, { anywhere: true })).toContain(half);
    expect(publicHalvesOf(made.secret(), { anywhere: false })).toContain(half);
  }
}
