/**
 * What a second client reads of an answer, from the contract alone. One wrong type or time anywhere fails the whole answer;
 * what it does not know, it passes over.
 */
import { rawKey, timeOf, type StrictKeys } from './strict-envelope';

export interface Identity {
  node_id: string;
  node_secret_key: string;
  signing_public_key: string;
}

export interface SaidKeys {
  current: string;
  previous?: string;
  transition_expires?: string;
}

/** @throws Error */
export function readIdentity(text: string): Identity & { mesh_ip: string } {
  const answer = readObject(text);
  const [node_id, mesh_ip, signing_public_key, node_secret_key] = [
    ...['node_id', 'mesh_ip', 'signing_public_key', 'node_secret_key'].map((name) => said(answer, name)),
  ] as [string, string, string, string];
  if (!/^[\x21-\x7e]{32}$/.test(node_secret_key)) throw new Error('a bearer has 32 characters of ASCII, none blank');
  rawKey(signing_public_key);
  listOf(answer, 'peers');
  return { node_id, mesh_ip, signing_public_key, node_secret_key };
}

/** @throws Error */
export function readBeat(text: string): { reconcile: boolean; rotateKeys: boolean } {
  const { reconcile, rotate_keys: rotateKeys } = readObject(text);
  if (typeof reconcile !== 'boolean' || typeof rotateKeys !== 'boolean') throw new Error(`no heartbeat: ${text}`);
  return { reconcile, rotateKeys };
}

/** Its keys; null where it names none. @throws Error */
export function readState(text: string): SaidKeys | null {
  const state = readObject(text);
  for (const name of ['peers', 'policies', 'data', 'secret_refs']) listOf(state, name);
  const { metadata, signing_keys: keys } = state;
  if (metadata !== undefined && Object.values(objectOf(metadata)).some((value) => typeof value !== 'string'))
    throw new Error('metadata that are no texts');
  return keys === undefined || keys === null ? null : saidKeys(objectOf(keys));
}

/** The payload of news of keys. @throws Error */
export const readKeyNews = (payload: string): SaidKeys => saidKeys(readObject(payload));

/** What it trusts from then on: both are replaced, whatever it held. @throws Error of what a daemon dies of */
export function keysOf({ current, previous, transition_expires: expires }: SaidKeys): StrictKeys {
  rawKey(current);
  if (previous !== undefined) rawKey(previous);
  return { current, previous: previous ?? null, until: expires === undefined ? null : timeOf(expires) };
}

function saidKeys({ current, previous, transition_expires }: Record<string, unknown>): SaidKeys {
  for (const each of [current, previous, transition_expires])
    if (each !== undefined && typeof each !== 'string') throw new Error(`no key or time: ${String(each)}`);
  if (transition_expires !== undefined) timeOf(transition_expires as string);
  return { current, previous, transition_expires } as SaidKeys;
}

function said(answer: Record<string, unknown>, name: string): string {
  const value = answer[name];
  if (typeof value !== 'string' || value === '') throw new Error(`no ${name}`);
  return value;
}

function listOf(answer: Record<string, unknown>, name: string): void {
  const value = answer[name];
  if (value !== undefined && value !== null && !Array.isArray(value)) throw new Error(`${name} is no list`);
}

const readObject = (text: string): Record<string, unknown> => objectOf(JSON.parse(text));

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object');
  return value as Record<string, unknown>;
}
