import { writeFileSync } from 'node:fs';
import { busCredentialText, fuzz, FUZZ_TIMEOUT_MS } from '@plexsphere/testkit';
import { isUuid } from '@plexsphere/wire';
import { Desk, OPERATOR } from '../testing/surroundings';
import { Failure } from './failure';
import { readTokenFile } from './token-file';

const desk = new Desk();
afterAll(() => desk.remove());

test(
  'a token file',
  () => {
    const sample = JSON.stringify({ operator: OPERATOR, bus_credential: busCredentialText(), bearer: 'b'.repeat(43) });
    const path = desk.file('fuzzed.token', sample);
    return fuzz({
      samples: [sample],
      parse: (text) => {
        writeFileSync(path, text);
        return readTokenFile(path);
      },
      refuses: (error) => error instanceof Failure && error.exitCode === 77,
      accepted: ({ operator }) => expect(isUuid(operator)).toBe(true),
    });
  },
  FUZZ_TIMEOUT_MS,
);
