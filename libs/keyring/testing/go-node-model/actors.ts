/** Who acts by itself, each in its own time. */
import type { SeededRandom } from '@plexsphere/testkit';
import type { GoMesh } from './go-mesh';

/** One step of somebody; whether there was one to do. */
type Step = (mesh: GoMesh, random: SeededRandom) => boolean;

const ofGateway = (index: number): Record<string, Step> => ({
  [`hear${index}`]: (mesh) => mesh.hear(index),
  [`rows${index}`]: (mesh, random) => {
    const gateway = mesh.gateways[index]!;
    const { busy } = gateway;
    if (busy.length > 0) gateway.readRow(random.pick(busy));
    return busy.length > 0;
  },
  [`clock${index}`]: (mesh) => {
    mesh.gateways[index]!.tick();
    return false;
  },
});

export const ACTORS: Readonly<Record<string, Step>> = {
  ...ofGateway(0),
  ...ofGateway(1),
  opens: (mesh, random) => {
    if (mesh.process.connection !== null) return false;
    mesh.openStream(random.integer(0, 1));
    return true;
  },
  reads: (mesh) => mesh.read(),
  answers: (mesh) => mesh.answerState(),
  worksIn: (mesh) => mesh.workIn(),
  drifts: (mesh, random) => mesh.sayDrift(random.integer(0, 1)),
  notices: (mesh) => mesh.noticeLeft(),
  words: (mesh, random) => mesh.words.length > 0 && mesh.takeWord(random.integer(0, mesh.words.length - 1)),
  claims: (mesh) => mesh.relay.doClaim(mesh.date),
  signs: (mesh) => mesh.relay.sign(mesh.relay.claim, mesh.date),
  publishes: (mesh) => mesh.publish(mesh.relay.claim),
  marks: (mesh) => mesh.relay.mark(mesh.relay.claim),
};
