import type { Command } from '../command';

/** Every command there is, in the order of `plexctl help` (summaries.ts). Loaded by name: a command that is not run costs nothing. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  'signing rotate': async () => (await import('./signing/rotate')).rotate,
  'signing close': async () => (await import('./signing/close')).close,
  'signing stage': async () => (await import('./signing/stage')).stage,
  'signing unstage': async () => (await import('./signing/unstage')).unstage,
  'signing rollback': async () => (await import('./signing/rollback')).rollback,
  'signing revoke': async () => (await import('./signing/revoke')).revoke,
  'signing recommit': async () => (await import('./signing/recommit')).recommit,
  'signing status': async () => (await import('./signing/status')).status,
  'signing list': async () => (await import('./signing/list')).listRings,
  'signing history': async () => (await import('./signing/history')).history,
  'signing show': async () => (await import('./signing/show')).show,
  'signing jwks': async () => (await import('./signing/jwks')).jwks,
  'signing sign': async () => (await import('./signing/sign')).sign,
  'signing verify': async () => (await import('./signing/verify')).verify,
  'policy show': async () => (await import('./policy/show')).showPolicy,
  'policy set': async () => (await import('./policy/set')).setPolicy,
  'signing verify-chain': async () => (await import('./signing/verify-chain')).verifyChain,
  'recovery rotate': async () => (await import('./recovery/rotate')).rotateRecovery,
  'domain create': async () => (await import('./domain/create')).createDomain,
  'domain list': async () => (await import('./domain/list')).listDomains,
  'domain remove': async () => (await import('./domain/remove')).removeDomain,
  'issuer create': async () => (await import('./issuer/create')).createIssuer,
  'issuer import': async () => (await import('./issuer/import')).importKey,
  'issuer list': async () => (await import('./issuer/list')).listIssuers,
  'issuer show': async () => (await import('./issuer/show')).showIssuer,
  'channel create': async () => (await import('./channel/create')).createChannel,
  'channel add-member': async () => (await import('./channel/add-member')).addMember,
  'channel remove-member': async () => (await import('./channel/remove-member')).removeMember,
  'channel list': async () => (await import('./channel/list')).listChannels,
  'channel show': async () => (await import('./channel/show')).showChannel,
  'channel verify': async () => (await import('./channel/verify')).verifyChannel,
  'node add': async () => (await import('./node/add')).addNode,
  'node list': async () => (await import('./node/list')).listNodes,
  'node show': async () => (await import('./node/show')).showNode,
  'node remove': async () => (await import('./node/remove')).removeNode,
  'node listen': async () => (await import('./node/listen')).listenAsNode,
  'node enroll-token': async () => (await import('./node/enroll-token')).enrollToken,
  'node tag': async () => (await import('./node/tag')).tagNode,
  'edge enroll': async () => (await import('./edge/enroll')).enrollHost,
  'edge run': async () => (await import('./edge/run')).runAgent,
  'edge status': async () => (await import('./edge/status')).edgeStatus,
  'edge keys rotate': async () => (await import('./edge/rotate-keys')).rotateNodeKey,
  'edge keys revoke-remote': async () => (await import('./edge/revoke-remote')).revokeRemote,
  'edge token refresh': async () => (await import('./edge/refresh-token')).refreshToken,
  'edge logout': async () => (await import('./edge/logout')).logout,
  'edge list': async () => (await import('./edge/list')).listEdge,
  'edge fleet keys rotate': async () => (await import('./fleet/rotate')).rotateFleet,
  'edge fleet list': async () => (await import('./fleet/list')).listFleets,
  'edge fleet show': async () => (await import('./fleet/show')).showFleet,
  'edge fleet watch': async () => (await import('./fleet/watch')).watchFleet,
  'edge fleet resume': async () => (await import('./fleet/resume')).resumeFleet,
  'edge fleet abort': async () => (await import('./fleet/abort')).abortFleet,
  'enroll-token list': async () => (await import('./enroll-token/list')).listEnrollTokens,
  'enroll-token revoke': async () => (await import('./enroll-token/revoke')).revokeEnrollToken,
  'key rotate': async () => (await import('./key/rotate')).rotateKeys,
  'client create': async () => (await import('./client/create')).createClient,
  'client list': async () => (await import('./client/list')).listClients,
  'client show': async () => (await import('./client/show')).showClient,
  'client rotate-secret': async () => (await import('./client/rotate-secret')).rotateClientSecret,
  'client delete': async () => (await import('./client/delete')).deleteClient,
  'token create': async () => (await import('./token/create')).createToken,
  'token list': async () => (await import('./token/list')).listTokens,
  'token revoke': async () => (await import('./token/revoke')).revokeToken,
  'events publish': async () => (await import('./events/publish')).publishEvent,
  'events list': async () => (await import('./events/list')).listEvents,
  'events show': async () => (await import('./events/show')).showEvent,
  'audit list': async () => (await import('./audit/list')).listAudit,
  bootstrap: async () => (await import('./bootstrap')).bootstrap,
  'bootstrap reissue': async () => (await import('./reissue')).reissue,
  'completion bash': async () => (await import('./completion/commands')).completeBash,
  'completion zsh': async () => (await import('./completion/commands')).completeZsh,
  'completion fish': async () => (await import('./completion/commands')).completeFish,
  migrate: async () => (await import('./migrate')).migrate,
};

export const COMMAND_NAMES = Object.keys(COMMANDS);

/** In words. */
const LONGEST = Math.max(...COMMAND_NAMES.map((name) => name.split(' ').length));

/** For what is made of all their flags, which is nothing that an operator waits for. */
export const loadAll = (): Promise<Command[]> => Promise.all(Object.values(COMMANDS).map((load) => load()));

/** The command that these words begin with. */
export async function findCommand(words: readonly string[]): Promise<Command | undefined> {
  const counts = Array.from({ length: LONGEST }, (_, index) => LONGEST - index);
  const name = counts.map((count) => words.slice(0, count).join(' ')).find((text) => Object.hasOwn(COMMANDS, text));
  return name === undefined ? undefined : COMMANDS[name]?.();
}

/** Words that need a verb after them. */
export function isNoun(words: readonly string[]): boolean {
  const text = words.join(' ');
  return !Object.hasOwn(COMMANDS, text) && COMMAND_NAMES.some((name) => name.startsWith(`${text} `));
}
