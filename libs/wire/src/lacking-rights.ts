import type { BusUser } from './inbox';
import { busPermissions } from './permissions';
import { matches } from './traffic';

/**
 * What this version has its user say and hear on the bus, and a credential (bus user JWT, unverified) that an earlier one
 * made does not let it: rights stand in the credential, and no upgrade changes them there.
 */
export function lackingRights(jwt: string, user: BusUser): string[] {
  const { pub, sub } = rightsIn(jwt);
  const { publish, subscribe } = busPermissions(user);
  const lacking = (wanted: readonly string[], allowed: readonly unknown[]): string[] =>
    wanted.filter((each) => !allowed.some((pattern) => typeof pattern === 'string' && matches(pattern, each)));
  return [...new Set([...lacking(publish, pub), ...lacking(subscribe, sub)])];
}

interface Rights {
  allow?: unknown;
}

function rightsIn(jwt: string): { pub: unknown[]; sub: unknown[] } {
  const { pub, sub } = claimsOf(jwt).nats ?? {};
  const allowed = (rights: Rights | undefined): unknown[] => (Array.isArray(rights?.allow) ? rights.allow : []);
  return { pub: allowed(pub), sub: allowed(sub) };
}

function claimsOf(jwt: string): { nats?: { pub?: Rights; sub?: Rights } } {
  try {
    return JSON.parse(Buffer.from(jwt.split('.', 2)[1] ?? '', 'base64url').toString()) as object;
  } catch {
    // Whatever it is, nothing that the bus would take for a credential: it lets nobody do anything.
    return {};
  }
}
