import type { ChapterName, Seen } from './chapters';
import type { RotationSeen } from './rotation-chapter';

/**
 * What `npm run demo -- --json` prints as its last line. Counted from what the Nodes wrote to disk, over all chapters that
 * were told; what a chapter alone can say is null where it was not told.
 */
export interface DemoResult extends Counted {
  ok: boolean;
}

export interface Counted
  extends Nullable<RotationSeen>, Pick<Seen, 'rollback' | 'revoke' | 'issuer' | 'channel' | 'fleet'> {
  chapters: readonly ChapterName[];
  nodes: number;
  rotations: number;
  signers: number;
  relays: number;
  gateways: number;
  events_published: number;
  events_delivered: number;
  verification_failures: number;
  events_lost: number;
  events_applied_twice: number;
  /** Those beside the `nodes` on the bus. Each event comes to them at least once: they have no memory of it. */
  over_http: { nodes: number; events_delivered: number; verification_failures: number; events_lost: number };
}

type Nullable<T> = { [Member in keyof T]: T[Member] | null };
type Claim = [holds: boolean, complaint: string];

/** Why the demo failed; empty where every promise held. */
export function broken(result: Counted): string[] {
  const claims: Claim[] = [
    [result.events_delivered > 0, 'no event was delivered'],
    [result.verification_failures === 0, `${result.verification_failures} envelopes did not verify`],
    [result.events_lost === 0, `${result.events_lost} events were lost`],
    [result.events_applied_twice === 0, `${result.events_applied_twice} events were applied twice`],
    ...claimsOverHttp(result),
    ...rotationClaims(result),
    ...rollbackClaims(result),
    ...revokeClaims(result),
    ...issuerClaims(result),
    ...channelClaims(result),
    ...fleetClaims(result),
  ];
  return claims.filter(([holds]) => !holds).map(([, complaint]) => complaint);
}

function claimsOverHttp({ over_http: { events_delivered, verification_failures, events_lost } }: Counted): Claim[] {
  return [
    [events_delivered > 0, 'no event was delivered over HTTP'],
    [verification_failures === 0, `${verification_failures} things were refused over HTTP`],
    [events_lost === 0, `${events_lost} events were lost over HTTP`],
  ];
}

function rotationClaims(result: Counted): Claim[] {
  const { jwks, rotate_to_last_node_ms, rotate_to_last_node_over_http_ms, resume_wrote_events } = result;
  if (jwks === null) return [];
  const { before, during, after } = jwks;
  return [
    [(rotate_to_last_node_ms ?? 0) > 0, 'not every Node came to trust the new key'],
    [(rotate_to_last_node_over_http_ms ?? 0) > 0, 'not every Node over HTTP came to trust the new key'],
    [resume_wrote_events === 0, `resuming wrote ${resume_wrote_events} events`],
    [before.length === 1 && during.length === 2 && after.length === 1, 'the JWKS is not what it should be'],
    [during[0] === after[0] && during[1] === before[0], 'the JWKS names the wrong keys'],
  ];
}

function rollbackClaims({ rollback }: Counted): Claim[] {
  if (rollback === null) return [];
  const { rolled_back_key: bad, signs, jwks } = rollback;
  return [
    [signs !== bad, 'the key that was rolled back signs'],
    [String(jwks) === String([signs, bad]), 'the JWKS after the rollback names the wrong keys'],
    [rollback.its_signature_verifies, 'what was signed before the rollback does not verify'],
    [rollback.rollback_to_last_node_ms > 0, 'not every Node heard of the rollback'],
  ];
}

function revokeClaims({ revoke }: Counted): Claim[] {
  if (revoke === null) return [];
  const { revoked_key: stolen, signs, jwks, sleeper_trusts: sleeper } = revoke;
  return [
    [signs !== stolen, 'the revoked key signs'],
    [String(jwks) === signs, 'the JWKS after the revoke names the wrong keys'],
    [!revoke.its_signature_verifies, 'a signature by the revoked key verifies'],
    [revoke.revoke_to_last_node_ms > 0, 'not every Node heard of the revoke'],
    [revoke.revoke_to_last_node_over_http_ms > 0, 'not every Node over HTTP heard of the revoke'],
    [String(sleeper) === signs, 'the Node that slept trusts the wrong keys'],
  ];
}

function issuerClaims({ issuer }: Counted): Claim[] {
  if (issuer === null) return [];
  const { jwks, signed, tokens } = issuer;
  return [
    [tokens > 0, 'no client was given a token'],
    [issuer.verification_failures === 0, `${issuer.verification_failures} tokens failed`],
    [issuer.old_token_verifies, "a token from before the issuer's rotation does not verify"],
    [
      jwks.before[0] === signed.before && jwks.before[1] === signed.after,
      'the standby was not published before it signed',
    ],
    [jwks.after.includes(signed.before), "the issuer's old key is gone before its tokens are over"],
    [issuer.close_refused === 'signing: signatures outstanding', 'a close did not wait for tokens'],
  ];
}

function channelClaims({ channel }: Counted): Claim[] {
  if (channel === null) return [];
  return [
    [channel.messages > 0, 'two services said nothing to each other'],
    [channel.refused === 0, `${channel.refused} messages of two services were refused`],
    [channel.signed.before !== channel.signed.after, "the secret's rotation changed nothing"],
    [channel.is_well, 'not all is well with the channel'],
    [channel.close_refused !== '', 'a close did not wait for the senders'],
  ];
}

function fleetClaims({ fleet }: Counted): Claim[] {
  if (fleet === null) return [];
  const { hosts, failed } = fleet;
  return [
    [fleet.rotated === hosts - 1, `${fleet.rotated} hosts of ${hosts - 1} that were there changed their keys`],
    [Object.values(failed).join() === 'offline', 'not the host alone that was away has failed'],
    [fleet.rotated_afterwards === 1, 'the host that was away did not change its key when it was back'],
    [fleet.keys_changed === hosts, `${hosts - fleet.keys_changed} hosts hold the key that they had`],
    [fleet.events_delivered > 0, 'no event was delivered to the hosts'],
    [fleet.verification_failures === 0, `${fleet.verification_failures} envelopes did not verify on the hosts`],
    [fleet.events_lost === 0, `${fleet.events_lost} events were lost on the hosts`],
    [fleet.events_applied_twice === 0, `${fleet.events_applied_twice} events were applied twice on the hosts`],
  ];
}

export function asTable(result: Counted): [string, string][] {
  const { jwks, rollback, revoke, issuer, channel, fleet, over_http: overHttp } = result;
  const rows: [string, string][] = [
    ['Nodes', `${result.nodes} on the bus, ${overHttp.nodes} over HTTP`],
    ['events published', String(result.events_published)],
    ['events delivered', `${result.events_delivered}, and ${overHttp.events_delivered} over HTTP`],
    ['verification failures', `${result.verification_failures}, and ${overHttp.verification_failures} over HTTP`],
    ['lost', `${result.events_lost}, and ${overHttp.events_lost} over HTTP`],
    ['applied twice', String(result.events_applied_twice)],
  ];
  if (jwks !== null) {
    rows.push(['rotate → last Node trusts the new key', `${result.rotate_to_last_node_ms} ms`]);
    rows.push(['rotate → last Node over HTTP does', `${result.rotate_to_last_node_over_http_ms} ms`]);
    for (const [when, keys] of Object.entries(jwks)) rows.push([`JWKS ${when}`, keys.join(', ')]);
  }
  if (rollback !== null) rows.push(['rollback → last Node has heard', `${rollback.rollback_to_last_node_ms} ms`]);
  if (revoke !== null) {
    rows.push(['revoke → last Node awake trusts the new key alone', `${revoke.revoke_to_last_node_ms} ms`]);
    rows.push(['revoke → last Node over HTTP does', `${revoke.revoke_to_last_node_over_http_ms} ms`]);
    rows.push(['JWKS after the revoke', revoke.jwks.join(', ')]);
  }
  if (issuer !== null) {
    rows.push(['tokens before, in and after a rotation', `${issuer.tokens}, ${issuer.verification_failures} failed`]);
    rows.push(["JWKS after the issuer's rotation", issuer.jwks.after.join(', ')]);
  }
  if (channel !== null) {
    rows.push(['messages of two services around a rotation', `${channel.messages}, ${channel.refused} refused`]);
  }
  if (fleet !== null) {
    rows.push(['hosts that changed their keys', `${fleet.keys_changed} of ${fleet.hosts}, in ${fleet.waves} waves`]);
    rows.push(['events delivered to them', `${fleet.events_delivered}, ${fleet.events_lost} lost`]);
  }
  return rows;
}
