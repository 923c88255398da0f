import { tellChapters, type ChapterName } from './chapters';
import { Mesh, type Setting } from './mesh';
import type { Counted } from './result';

/** Some chapters, or all, of one Domain and its Nodes, and what is to be counted at the end. */
export async function tellStory(setting: Setting, chapters: readonly ChapterName[]): Promise<Counted> {
  const mesh = new Mesh(setting);
  try {
    await mesh.begin();
    const { rotation, rollback, revoke, issuer, channel, fleet } = await tellChapters(mesh, chapters);
    await mesh.finish();
    const counts = await count(mesh);
    const { resume_wrote_events = null, jwks = null } = rotation ?? {};
    const { rotate_to_last_node_ms = null, rotate_to_last_node_over_http_ms = null } = rotation ?? {};
    const took = { rotate_to_last_node_ms, rotate_to_last_node_over_http_ms };
    return { chapters, ...counts, ...took, resume_wrote_events, jwks, rollback, revoke, issuer, channel, fleet };
  } finally {
    await mesh.end();
  }
}

async function count(mesh: Mesh) {
  const { stack } = mesh.setting;
  const [journals, overHttp] = await Promise.all([mesh.seen(), mesh.seenOverHttp()]);
  return {
    nodes: journals.nodes.length,
    rotations: stack.services('rotation').length,
    signers: stack.services('signer').length,
    relays: stack.services('outbox-relay').length,
    gateways: stack.services('gateway').length,
    events_published: mesh.published.length,
    events_delivered: journals.applied,
    verification_failures: journals.refused,
    events_lost: journals.missing(mesh.published, mesh.nodes),
    events_applied_twice: journals.appliedTwice,
    over_http: {
      nodes: overHttp.nodes.length,
      events_delivered: overHttp.applied,
      verification_failures: overHttp.refused,
      events_lost: overHttp.missing(mesh.published, mesh.nodesOverHttp),
    },
  };
}
