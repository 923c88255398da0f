/** How a host becomes a Node with a key of its own: by an enrolment token, or as the Node that an operator has added. */
import { createHash } from 'node:crypto';
import { createBusKey, enrolledNodeId } from '@plexsphere/wire';
import { nodeKeyOf, signProof } from '@plexsphere/wire/jws';
import type { BusEnrolment } from '@plexsphere/node-sdk';
import { EdgeError } from './edge-error';
import { heldOf } from './engine/held-answer';
import { KeyEngine } from './engine/key-engine';
import { knock } from './engine/knock';
import { statusOf } from './engine/status';
import { parseCreds, type Creds } from './folder/creds';
import { EdgeFolder, type Held } from './folder/edge-folder';
import { identityText, parseIdentity, type Identity } from './folder/identity';
import type { Joining } from './folder/joining';
import type { JsonObject } from './folder/json';
import type { GatewayAccess } from './gateway/gateway-caller';
import { KeyCalls } from './gateway/key-calls';
import { ServerClock } from './gateway/server-clock';
import type { EdgeStatus } from './types';

interface Enrolling extends GatewayAccess {
  folder: string;
  /** For tests. */
  now?: () => Date;
}

export interface EnrolByToken extends Enrolling {
  /** Of `plexctl node enroll-token`. Secret. */
  token: string;
  /** What the Node is called; a suffix is added where its scope has one of that name. */
  name: string;
  /** Whatever Node is there is put aside. */
  replace: boolean;
}

/**
 * By an enrolment token, which is used up. Whoever did not get the answer comes again with the same token, within ten minutes.
 * @throws EdgeError `already_enrolled`, `state_in_use`, `refused`, `unanswered`, and of a write
 */
export async function enrolByToken(options: EnrolByToken): Promise<EdgeStatus> {
  const { token, name, replace, now = () => new Date() } = options;
  return inFolder(options, async (folder) => {
    const hash = createHash('sha256').update(token).digest('hex');
    const begun = await folder.joining();
    if (begun === undefined && !replace && (await folder.held()) !== undefined)
      throw new EdgeError('already_enrolled', folder.path);
    const joining = begun?.tokenHash === hash ? begun : await begin(folder, hash, now);
    const key = nodeKeyOf(joining.seed);
    if (key === undefined) throw new EdgeError('state_damaged', 'joining.json');
    const clock = new ServerClock(now);
    const calls = new KeyCalls(options, clock);
    const expected = {
      nodeId: enrolledNodeId(hash, key.keyId),
      seed: joining.seed,
      generation: undefined,
      account: undefined,
    };
    const prove = () => signProof('enroll', { aud: hash, exp: clock.proofEnd(), name }, key);
    try {
      const enrolled = await calls.enroll(token, prove, (body) => ({
        creds: heldOf(body, expected),
        identity: identityOf(body, options),
      }));
      await folder.enrol(enrolled.identity, enrolled.creds, joining);
      return await enrolledStatus(folder, clock);
    } catch (error) {
      if (error instanceof EdgeError && error.code === 'refused') await folder.endJoining();
      throw error;
    } finally {
      calls.close();
    }
  });
}

export interface AdoptNode extends Enrolling {
  /** From `plexctl node add`. */
  enrolment: BusEnrolment;
  /** For how long the key that the operator was given is kept. */
  keepOldMs: number;
}

/**
 * As the Node that an operator has added, whose key is changed for one that nobody but the host has ever had.
 * @throws EdgeError `already_enrolled`, `state_in_use`, `refused`, `unanswered` (the same again goes on), and of a write
 */
export async function adoptNode(options: AdoptNode): Promise<EdgeStatus> {
  const { enrolment, keepOldMs, now = () => new Date() } = options;
  return inFolder(options, async (folder) => {
    const held = (await folder.held()) ?? (await takeOver(folder, options, now));
    if (held.identity.nodeId !== enrolment.nodeId || held.creds.generation > 0)
      throw new EdgeError('already_enrolled', folder.path);
    const clock = new ServerClock(now);
    const calls = new KeyCalls(held.identity, clock);
    const move = (creds: Creds) => knock(held.identity, creds);
    try {
      const engine = new KeyEngine({ folder, held, calls, clock, now, move });
      if (held.pending === undefined) await engine.changeKey(keepOldMs);
      else await engine.settle();
      return await enrolledStatus(folder, clock);
    } finally {
      calls.close();
    }
  });
}

async function takeOver(folder: EdgeFolder, options: AdoptNode, now: () => Date): Promise<Held> {
  const { nodeId, scope, name, servers, busCa, bundle, busCredential } = options.enrolment;
  const { gateways, gatewayCa, allowPlaintext } = options;
  const mesh = { nodeId, scope, name, servers, ...(busCa !== undefined && { busCa }), bundle };
  const reached = { gateways: [...gateways], ...(gatewayCa !== undefined && { gatewayCa }), allowPlaintext };
  const first = JSON.stringify({ generation: 0, rotate_after: null });
  const creds = parseCreds(`${busCredential}\n${first}\n`, 'bus_credential');
  const identity = parseIdentity(identityText({ ...mesh, ...reached }), 'enrolment');
  await folder.enrol(identity, creds, { tokenHash: '', seed: creds.seed, askedAt: now().toISOString() });
  const held = await folder.held();
  if (held === undefined) throw new EdgeError('not_enrolled', folder.path);
  return held;
}

async function begin(folder: EdgeFolder, hash: string, now: () => Date): Promise<Joining> {
  const joining = { tokenHash: hash, seed: createBusKey('user').seed, askedAt: now().toISOString() };
  await folder.beginJoining(joining);
  return joining;
}

/** As the answer says it, read as strictly as it will be from the disk. @throws EdgeError answer_malformed */
function identityOf(body: JsonObject, { gateways, gatewayCa, allowPlaintext }: EnrolByToken): Identity {
  const { node_id, scope, name, servers, bus_ca, bundle, gateways: named } = body;
  // Where none are named, the one that has answered is one.
  const reached = Array.isArray(named) && named.length > 0 ? (named as unknown[]) : gateways;
  const members = { node_id, scope, name, servers, bus_ca, gateways: reached, gateway_ca: gatewayCa, bundle };
  try {
    return parseIdentity(JSON.stringify({ ...members, allow_plaintext: allowPlaintext }), '');
  } catch (error) {
    if (error instanceof EdgeError) throw new EdgeError('answer_malformed', 'enrolment');
    throw error;
  }
}

async function enrolledStatus(folder: EdgeFolder, clock: ServerClock): Promise<EdgeStatus> {
  const held = await folder.held();
  if (held === undefined) throw new EdgeError('not_enrolled', folder.path);
  return statusOf(held, { now: clock.now(), connected: null });
}

async function inFolder<T>({ folder: path }: Enrolling, work: (folder: EdgeFolder) => Promise<T>): Promise<T> {
  const folder = await EdgeFolder.open(path);
  try {
    return await work(folder);
  } finally {
    folder.close();
  }
}
