import { command } from '../../command';
import { MESH_SCOPE_FLAG } from '../flag-definitions';

export const sign = command({
  path: ['signing', 'sign'],
  about: `Signs a JSON object as a compact JWS of type plexsphere-data+jws and shows it as one line. During a rotation
    the new key signs.`,
  flags: {
    scope: MESH_SCOPE_FLAG,
    'payload-file': { value: 'file', summary: 'the JSON object; standard input where it is not given' },
  },
  examples: [
    `echo '{"release":"1.4.2"}' | plexctl signing sign --scope platform > release.jws`,
    'plexctl signing sign --scope platform --payload-file release.json --output json',
  ],
  asks: 'bus',

  async run({ flags, stdin, terminal, bus }) {
    const { parseObject, readInput } = await import('../../input');
    const text = await readInput(flags['payload-file'], 'payload-file', stdin(), terminal);
    const payload = parseObject(text, 'payload-file');
    const { jws, ...more } = await bus.ask('signing.sign', { scope: flags.scope, payload });
    return { text: jws, document: { jws, ...more } };
  },
});
