import { ChannelEntity } from '@plexsphere/store';
import { directionsOf, problem, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

export interface Channel {
  slug: string;
  /** In the order in which they were named. */
  sides: [string, string];
  /** Both rings, in the order of their names. */
  scopes: [Scope, Scope];
  createdAt: Date;
}

/** @throws Problem unknownScope */
export async function findChannel(manager: EntityManager, slug: string): Promise<Channel> {
  const stored = await manager.findOneBy(ChannelEntity, { slug });
  if (stored === null) throw problem('unknownScope', { field: 'slug' });
  return asChannel(stored);
}

export function asChannel({ slug, sideA, sideB, createdAt }: ChannelEntity): Channel {
  const sides: [string, string] = [sideA, sideB];
  return { slug, sides, scopes: directionsOf(slug, sides), createdAt };
}
