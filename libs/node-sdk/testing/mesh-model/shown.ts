/** What a message shows to a Node, read without any of the product's own readers. */
import crypto from 'node:crypto';
import { publicKeyFromText } from '@plexsphere/wire';
import type { Statement, TrustBundle } from '@plexsphere/wire/jws';
import type { Message } from './model-node';

interface Signature {
  keyId: string;
  isBy(publicKey: string): boolean;
}

export interface ShownStatement extends Statement {
  hash: string;
  authority: Signature;
  possession: Signature | undefined;
}

export interface ShownBundle extends TrustBundle {
  signature: Signature;
}

export interface ShownChain {
  platform: readonly ShownStatement[];
  own: readonly ShownStatement[];
  /** Undefined in a part that another one follows. */
  bundle: ShownBundle | undefined;
}

export function shownChain(text: string): ShownChain {
  const chain = JSON.parse(text) as { platform_statements: string[]; statements: string[]; bundle?: string };
  return {
    platform: chain.platform_statements.map(shownStatement),
    own: chain.statements.map(shownStatement),
    bundle: chain.bundle === undefined ? undefined : shownBundle(chain.bundle),
  };
}

/** `statement` is undefined in any other event. */
export function shownAnnouncement(text: string): {
  type: string;
  keyId: string;
  statement: ShownStatement | undefined;
} {
  const envelope = JSON.parse(text) as { event_type: string; key_id: string; payload: { statement?: string } };
  const { event_type: type, key_id: keyId, payload } = envelope;
  return { type, keyId, statement: payload.statement === undefined ? undefined : shownStatement(payload.statement) };
}

export const isPart = ({ kind, text }: Message): boolean => kind === 'chain' && shownChain(text).bundle === undefined;

function shownStatement(text: string): ShownStatement {
  const { payload, signatures } = JSON.parse(text) as {
    payload: string;
    signatures: { protected: string; signature: string }[];
  };
  const [authority, possession] = signatures.map((each) => signatureOf(each.protected, payload, each.signature));
  const hash = crypto.createHash('sha256').update(Buffer.from(payload, 'base64url')).digest('base64url');
  return { ...(decode(payload) as Statement), hash, authority: authority!, possession };
}

function shownBundle(text: string): ShownBundle {
  const [header = '', payload = '', signature = ''] = text.split('.');
  return { ...(decode(payload) as TrustBundle), signature: signatureOf(header, payload, signature) };
}

const signatureOf = (header: string, payload: string, signature: string): Signature => ({
  keyId: (decode(header) as { kid: string }).kid,
  isBy: (publicKey) =>
    publicKeyFromText(publicKey).verify(Buffer.from(`${header}.${payload}`), Buffer.from(signature, 'base64url')),
});

const decode = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString());
