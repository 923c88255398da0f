import type { Writable } from 'node:stream';
import type { Show } from '@plexsphere/edge';

/** A JSON document a line. What could not be written has not been shown, so that an event is not acknowledged by it. */
export function showLines(stream: Writable, gone: () => void): Show {
  stream.on('error', gone);
  return (sighting) =>
    new Promise((resolve, reject) => {
      const line = `${JSON.stringify({ at: new Date().toISOString(), ...sighting })}\n`;
      stream.write(line, (error) => (error ? reject(error) : resolve()));
    });
}
