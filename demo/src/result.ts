/** What `npm run demo -- --json` prints as its last line. Counted from what the Node process wrote to disk. */
export interface DemoResult {
  ok: boolean;
  nodes: number;
  rotations: number;
  signers: number;
  relays: number;
  events_published: number;
  events_delivered: number;
  verification_failures: number;
  events_lost: number;
  events_applied_twice: number;
  rotate_to_last_node_ms: number;
  resume_wrote_events: number;
  jwks: { before: string[]; during: string[]; after: string[] };
}

/** Why the demo failed; empty where every promise held. */
export function broken(result: Omit<DemoResult, 'ok'>): string[] {
  const { jwks } = result;
  const claims: [boolean, string][] = [
    [result.events_delivered > 0, 'no event was delivered'],
    [result.verification_failures === 0, `${result.verification_failures} envelopes did not verify`],
    [result.events_lost === 0, `${result.events_lost} events were lost`],
    [result.events_applied_twice === 0, `${result.events_applied_twice} events were applied twice`],
    [result.rotate_to_last_node_ms > 0, 'not every Node came to trust the new key'],
    [result.resume_wrote_events === 0, `resuming wrote ${result.resume_wrote_events} events`],
    [
      jwks.before.length === 1 && jwks.during.length === 2 && jwks.after.length === 1,
      'the JWKS is not what it should be',
    ],
    [jwks.during[0] === jwks.after[0] && jwks.during[1] === jwks.before[0], 'the JWKS names the wrong keys'],
  ];
  return claims.filter(([holds]) => !holds).map(([, complaint]) => complaint);
}

export const asTable = (result: Omit<DemoResult, 'ok'>): [string, string][] => [
  ['Nodes', String(result.nodes)],
  ['events published', String(result.events_published)],
  ['events delivered', String(result.events_delivered)],
  ['verification failures', String(result.verification_failures)],
  ['lost', String(result.events_lost)],
  ['applied twice', String(result.events_applied_twice)],
  ['rotate → last Node trusts the new key', `${result.rotate_to_last_node_ms} ms`],
  ['JWKS before', result.jwks.before.join(', ')],
  ['JWKS during', result.jwks.during.join(', ')],
  ['JWKS after', result.jwks.after.join(', ')],
];
