import { tellChapters, type ChapterName } from './chapters';
import { Mesh, type Setting } from './mesh';
import type { Counted } from './result';

/** Some chapters, or all, of one Domain and its Nodes, and what is to be counted at the end. */
export async function tellStory(setting: Setting, chapters: readonly ChapterName[]): Promise<Counted> {
  const mesh = new Mesh(setting);
  try {
    await mesh.begin();
    const { rotation, rollback, revoke } = await tellChapters(mesh, chapters);
    await mesh.finish();
    const counts = await count(mesh);
    const { rotate_to_last_node_ms = null, resume_wrote_events = null, jwks = null } = rotation ?? {};
    return { chapters, ...counts, rotate_to_last_node_ms, resume_wrote_events, jwks, rollback, revoke };
  } finally {
    await mesh.end();
  }
}

async function count(mesh: Mesh) {
  const { stack } = mesh.setting;
  const journals = await mesh.seen();
  return {
    nodes: journals.nodes.length,
    rotations: stack.services('rotation').length,
    signers: stack.services('signer').length,
    relays: stack.services('outbox-relay').length,
    events_published: mesh.published.length,
    events_delivered: journals.applied,
    verification_failures: journals.refused,
    events_lost: journals.missing(mesh.published, mesh.nodes),
    events_applied_twice: journals.appliedTwice,
  };
}
