import { Violation } from './checks';
import type { Tale } from './tale';

const MINUTE_MS = 60_000;

/** The Node is off while its ring goes on, and events are published; then the same process wakes up, or another one begins. */
export const sleepStory =
  (rotations: number) =>
  (tale: Tale): void => {
    const { mesh, random } = tale;
    tale.hold('opens', 'reads');
    mesh.cutStream();
    for (let rotation = 0; rotation < rotations; rotation += 1) {
      if (!mesh.order('rotate') || !mesh.order('close')) throw new Violation('is not rotated');
      if (random.next() < 0.1) mesh.publishEvent();
      tale.quiet();
    }
    mesh.wait(random.integer(1, 60) * MINUTE_MS);
    if (random.next() < 0.5) mesh.restartNode();
  };
