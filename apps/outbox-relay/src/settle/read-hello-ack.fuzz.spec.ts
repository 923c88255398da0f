import 'reflect-metadata';
import { FUZZ_TIMEOUT_MS, fuzz } from '@plexsphere/testkit';
import type { NodeWord } from './node-word';
import { readAck, readHello } from './read-hello-ack';
import type { NodeHello } from './record-hellos';

const NODE = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
const ack = { epoch: 3, platform_epoch: 2, position: 41, heads: { ring: 'r'.repeat(43), platform: 'p'.repeat(43) } };

/** Undefined is the refusal; an error of any other kind than bad JSON, which never comes so far, is a defect. */
const reading =
  <Said>(read: (nodeId: string, body: unknown) => Promise<Said | undefined> | Said | undefined) =>
  async (text: string): Promise<Said | undefined> =>
    read(NODE, JSON.parse(text));

test.each([
  ['an acknowledgement', reading(readAck), ack],
  ['a hello', reading(readHello), { ...ack, hello_id: NODE }],
])(
  '%s',
  (_, parse, sample) =>
    fuzz<(NodeWord & Partial<NodeHello>) | undefined>({
      samples: [JSON.stringify(sample)],
      parse,
      refuses: (error) => error instanceof SyntaxError,
      accepted: async (said) => {
        if (said === undefined) return;
        const { epoch, platformEpoch: platform_epoch, position, heads, helloId: hello_id } = said;
        const again = await parse(JSON.stringify({ epoch, platform_epoch, position, heads, hello_id }));
        // As JSON, which writes -0 as 0.
        expect(JSON.stringify(again)).toBe(JSON.stringify(said));
        for (const value of Object.values({ ...said, ...heads, heads: 0 })) expect(isBounded(value)).toBe(true);
      },
    }),
  FUZZ_TIMEOUT_MS,
);

const isBounded = (value: unknown): boolean =>
  typeof value === 'string' ? value.length <= 64 : Number.isSafeInteger(value) && (value as number) >= 0;
