/** A key with its private half, and what is signed by it. */
import { randomUUID } from 'node:crypto';
import { buildEnvelope, canonicalText, publicText } from '@plexsphere/wire';
import type { SigningKey, Statement } from '@plexsphere/wire/jws';
import { newKeyPair, type TestPrivateKey } from './keys';

export interface TestKey extends SigningKey {
  privateKey: TestPrivateKey;
}

export const testKey = (keyId: string): TestKey => ({ keyId, privateKey: newKeyPair().privateKey });

export interface EventFields {
  eventType?: string;
  eventId?: string;
  issuedAt?: Date;
  nonce?: string;
  payload?: object | string | null;
}

export function envelopeBy(key: TestKey, scope: string, now: Date, fields: EventFields = {}): string {
  const { payload = { a: 1 } } = fields;
  const canonical = canonicalText({
    eventType: fields.eventType ?? 'node_state_updated',
    eventId: fields.eventId ?? randomUUID(),
    issuedAt: (fields.issuedAt ?? now).toISOString(),
    nonce: fields.nonce ?? randomUUID(),
    payload: payload === null || typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
  return buildEnvelope(canonical, { scope, keyId: key.keyId }, key.privateKey.sign(Buffer.from(canonical)));
}

/** A statement by whichever keys, under whichever names: what no signer would make. */
export function forgedStatement(statement: Statement, authority: TestKey, possession: TestKey | null = null): string {
  const payload = Buffer.from(JSON.stringify(statement)).toString('base64url');
  const signed = (key: TestKey, role: string) => {
    const header = { alg: key.privateKey.algorithm.alg, typ: 'plexsphere-statement+jws', kid: key.keyId, role };
    const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');
    const signature = key.privateKey.sign(Buffer.from(`${encoded}.${payload}`)).toString('base64url');
    return { signature, protected: encoded };
  };
  const second = possession === null ? [] : [signed(possession, 'possession')];
  return JSON.stringify({ signatures: [signed(authority, 'authority'), ...second], payload });
}

/** How a statement names a key. */
export const oldNames = ({ keyId, privateKey }: TestKey) => ({
  old_key_id: keyId,
  old_public_key: publicText(privateKey),
});
export const newNames = ({ keyId, privateKey }: TestKey) => ({
  new_key_id: keyId,
  new_public_key: publicText(privateKey),
});
