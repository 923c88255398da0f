import { PLATFORM, type Scope } from '@plexsphere/wire';

/** What adding or removing a Node locks: the platform's first, since its fan-out has every Domain's Nodes in it, too. */
export const nodeScopes = (scope: Scope): Scope[] => (scope === PLATFORM ? [PLATFORM] : [PLATFORM, scope]);
