import type { Mesh } from './mesh';

export interface RevokeSeen {
  revoked_key: string;
  signs: string;
  jwks: string[];
  /** To the last Node that was awake. */
  revoke_to_last_node_ms: number;
  revoke_to_last_node_over_http_ms: number;
  its_signature_verifies: boolean;
  /** What the Node that slept trusts, once it is back. */
  sleeper_trusts: string[];
}

/** A key is stolen: one command throws it out while the Nodes listen. One of them is asleep, and hears when it is back. */
export async function tellRevoke(mesh: Mesh): Promise<RevokeSeen> {
  const { operator } = mesh;
  mesh.setting.narrator.heading('Throw a stolen key out');
  const [stolen = ''] = await operator.kids();
  const signed = await operator.sign();
  await mesh.sleeper.stop();
  mesh.say(`${mesh.sleepersName} falls asleep`);
  await mesh.moreEvents();
  const newKey = mesh.nextKeyId();
  const revokeAt = Date.now();
  await operator.revoke(stolen, newKey, 'stolen');
  mesh.sayCommand('signing revoke', '--key-id', stolen, '--new-key-id', newKey, '--reason', 'stolen', '--yes');
  const { key_id: signs } = await operator.sign();
  mesh.say(`fresh signatures come from ${signs}`);
  const lastAt = await mesh.allTrust([newKey], mesh.nodes - 1);
  mesh.say(`all ${mesh.nodes - 1} Nodes on the bus that are awake trust ${newKey} alone`);
  const overHttpMs = (await mesh.allTrustOverHttp([newKey])) - revokeAt;
  mesh.say(`all ${mesh.nodesOverHttp} over HTTP do, by the state that each was told to ask for`);
  const verifies = await operator.verifies(signed);
  mesh.say(`what ${stolen} signed verifies: ${String(verifies)}`);
  await mesh.sleeper.start();
  await mesh.allTrust([newKey]);
  mesh.say(`${mesh.sleepersName} is back, and trusts ${newKey} alone`);
  return {
    revoked_key: stolen,
    signs,
    jwks: await operator.kids(),
    revoke_to_last_node_ms: lastAt - revokeAt,
    revoke_to_last_node_over_http_ms: overHttpMs,
    its_signature_verifies: verifies,
    sleeper_trusts: (await mesh.seen()).trusted.get(mesh.sleepersName) ?? [],
  };
}
