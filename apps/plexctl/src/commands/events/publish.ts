import { isEventType, isReservedEventType } from '@plexsphere/wire';
import { command, type Invocation } from '../../command';
import { misuse } from '../../failure';
import { refuseAs } from '../../refusal';
import { oneRow } from '../../render';
import { MESH_SCOPE_FLAG, UUID_FLAG } from '../flag-definitions';

const FLAGS = {
  scope: { ...MESH_SCOPE_FLAG, required: false, summary: `to every Node of ${MESH_SCOPE_FLAG.summary}` },
  'node-id': { ...UUID_FLAG, summary: 'to this Node alone' },
  'event-type': {
    value: 'type',
    summary: 'lower-case letters, digits and _; names of the signing plane itself are refused',
    accepts: isEventType,
    expected: 'a letter, then at most 63 lower-case letters, digits or _',
    required: true,
  },
  'payload-file': { value: 'file', summary: 'JSON text, sent as it is; standard input where it is not given' },
} as const;

export const publishEvent = command({
  path: ['events', 'publish'],
  about: `Sends an event by way of the signed event bus. The payload is kept as it is written: key order and number
    spellings survive. No payload file and an empty standard input, or a terminal, mean no payload.`,
  flags: FLAGS,
  examples: [
    `echo '{"policy":"v7"}' | plexctl events publish --scope platform --event-type policy_updated`,
    'plexctl events publish --node-id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --event-type restart_requested </dev/null',
  ],
  asks: 'bus',

  check(flags) {
    if ((flags.scope === undefined) === (flags['node-id'] === undefined)) {
      throw misuse('exactly one of --scope and --node-id is required', 'scope');
    }
    if (isReservedEventType(flags['event-type'])) {
      throw refuseAs('reservedEventType', { field: 'event_type' }, { hint: '--event-type takes a name of your own' });
    }
  },

  async run(invocation) {
    const { flags, bus } = invocation;
    const payload = await readPayload(invocation);
    const to = flags.scope === undefined ? { node_id: flags['node-id'] as string } : { scope: flags.scope };
    const request = { ...to, event_type: flags['event-type'], ...(payload === undefined ? {} : { payload }) };
    const ifUnknown = 'the event may be on its way; publishing again would send a second one';
    const { event_id, nodes, ...more } = await bus.change('events.publish', request, ifUnknown);
    return { text: oneRow({ event_id, nodes }), document: { event_id, nodes, ...more } };
  },
});

async function readPayload({ flags, stdin, terminal }: Invocation<typeof FLAGS>): Promise<string | undefined> {
  const path = flags['payload-file'];
  if (path === undefined && stdin().isTTY === true) return undefined;
  const { parseJson, readInput } = await import('../../input');
  const text = (await readInput(path, 'payload-file', stdin(), terminal)).trim();
  if (path === undefined && text === '') return undefined;
  parseJson(text, 'payload-file');
  return text;
}
