import { tellChannel, type ChannelSeen } from './channel-chapter';
import { tellFleet, type FleetSeen } from './fleet-chapter';
import { tellIssuer, type IssuerSeen } from './issuer-chapter';
import type { Mesh } from './mesh';
import { tellRevoke, type RevokeSeen } from './revoke-chapter';
import { tellRollback, type RollbackSeen } from './rollback-chapter';
import { tellRotation, type RotationSeen } from './rotation-chapter';

/** What the chapters have seen; null where one was not told. */
export interface Seen {
  rotation: RotationSeen | null;
  rollback: RollbackSeen | null;
  revoke: RevokeSeen | null;
  issuer: IssuerSeen | null;
  channel: ChannelSeen | null;
  fleet: FleetSeen | null;
}

export type ChapterName = keyof Seen;

/** In the order in which they are told. Each finds a Domain with one active key, or one whose rollback settles. */
const CHAPTERS: { [Name in ChapterName]: (mesh: Mesh) => Promise<Seen[Name]> } = {
  rotation: tellRotation,
  rollback: tellRollback,
  revoke: tellRevoke,
  issuer: tellIssuer,
  channel: tellChannel,
  fleet: tellFleet,
};

export const CHAPTER_NAMES = Object.keys(CHAPTERS) as ChapterName[];

export async function tellChapters(mesh: Mesh, names: readonly ChapterName[]): Promise<Seen> {
  const seen: Seen = { rotation: null, rollback: null, revoke: null, issuer: null, channel: null, fleet: null };
  for (const name of names) {
    Object.assign(seen, { [name]: await CHAPTERS[name](mesh) });
    await mesh.moreEvents();
  }
  return seen;
}
