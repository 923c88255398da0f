/** How a rare story is told, and what several of them do. */
import type { SeededRandom } from '@plexsphere/testkit';
import { Violation } from '../checks';
import { GoMesh } from '../go-mesh';
import { comeIn, settle, told, type Tale } from '../tale';

const MINUTE_MS = 60_000;

/** Of a Node that has come in a while ago: no state is under way, known or not. */
export function rareStory(random: SeededRandom, tell: (tale: Tale) => void): GoMesh {
  const mesh = new GoMesh(random);
  return told(mesh, () => {
    const tale = comeIn(mesh, random);
    tale.hold('beats');
    tale.pass(random.pick([35_000, 65_000]));
    tale.hold('cuts');
    tell(tale);
    tale.held.clear();
    settle(mesh, random);
  });
}

export const must = (isSo: boolean, what: string): void => {
  if (!isSo) throw new Violation(what);
};

/** The Node's stream, opened at this gateway. */
export function goTo({ mesh }: Tale, gateway: number): void {
  mesh.cutStream();
  mesh.openStream(gateway);
}

/** A state is taken on a stream that is live, so no later one is as the one before. */
export function takeState(tale: Tale, gateway = tale.random.integer(0, 1)): void {
  tale.mesh.askState(gateway);
  tale.quiet();
}

/** It holds a staged key by the news alone: a state would set its keys. */
export function stage(tale: Tale): void {
  tale.mesh.overlapMs = 60 * MINUTE_MS;
  must(tale.mesh.order('stage'), 'nothing is staged');
  tale.held.delete('cuts');
  tale.until('the stage is not settled', () => tale.mesh.isSettled);
  tale.hold('cuts');
}

/** A rotation never was, and its key is gone at once. */
export function takeBack({ mesh }: Tale): void {
  must(mesh.order('rollback') && mesh.order('revoke_other'), 'is not taken back');
}
