import type { Mesh } from './mesh';

export interface RollbackSeen {
  rolled_back_key: string;
  signs: string;
  /** Until the rollback has settled both are there, the one that signs first. */
  jwks: string[];
  rollback_to_last_node_ms: number;
  /** Whether what the key signed while it was active still verifies. */
  its_signature_verifies: boolean;
}

/** A rotation turns out to be a mistake in its overlap: the old key signs again, and nothing that was signed is lost. */
export async function tellRollback(mesh: Mesh): Promise<RollbackSeen> {
  const { operator } = mesh;
  mesh.setting.narrator.heading('Roll a rotation back');
  const [oldKey = ''] = await operator.kids();
  const newKey = mesh.nextKeyId();
  await operator.rotate(newKey);
  mesh.sayCommand('signing rotate', '--new-key-id', newKey);
  const signed = await operator.sign();
  await mesh.allTrust([newKey, oldKey]);
  await mesh.allTrustOverHttp([newKey, oldKey]);
  mesh.say(
    `all ${mesh.nodes + mesh.nodesOverHttp} Nodes trust ${newKey}, and it has begun to sign; it is the wrong one, it turns out`,
  );
  const rollbackAt = Date.now();
  await operator.rollback('the wrong key');
  mesh.sayCommand('signing rollback', '--reason', "'the wrong key'");
  const { key_id: signs } = await operator.sign();
  mesh.say(`fresh signatures come from ${signs} again`);
  const lastAt = await mesh.allTrust([oldKey, newKey]);
  mesh.say(`all ${mesh.nodes} Nodes on the bus have heard of it`);
  await mesh.allTrustOverHttp([oldKey, newKey]);
  mesh.say(`all ${mesh.nodesOverHttp} over HTTP have, too`);
  const verifies = await operator.verifies(signed);
  mesh.say(`what ${newKey} signed meanwhile verifies until that has settled: ${String(verifies)}`);
  return {
    rolled_back_key: newKey,
    signs,
    jwks: await operator.kids(),
    rollback_to_last_node_ms: lastAt - rollbackAt,
    its_signature_verifies: verifies,
  };
}
