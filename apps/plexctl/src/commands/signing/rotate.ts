import type { RotateReply } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { utc, type Result } from '../../render';
import { listed, type Terminal } from '../../terminal';
import { keyIdFlag, SCOPE_FLAG } from '../flag-definitions';

export const rotate = command({
  path: ['signing', 'rotate'],
  summary: 'open a rotation: a new key signs, the old one still verifies',
  about: `Makes the key --new-key-id in this scope and has it sign from now on. The old key goes on verifying during
    the overlap window, until closes_at or plexctl signing close. Shows the transition.

    A rotation that is open already is refused: signing: rotation in progress.`,
  flags: {
    scope: SCOPE_FLAG,
    'new-key-id': keyIdFlag('new_key_id', 'the key to introduce; never used in this scope before'),
    reason: {
      value: 'text',
      summary: 'for the audit log; at most 500 characters',
      accepts: (text) => text.length <= 500,
      expected: 'at most 500 characters',
    },
  },
  examples: [
    'plexctl signing rotate --scope platform --new-key-id platform-2026-05',
    'plexctl signing rotate --scope domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --new-key-id k2 --output json',
  ],
  asks: 'bus',

  async run({ flags, bus, terminal }) {
    const { scope, reason } = flags;
    const request = { scope, new_key_id: flags['new-key-id'], ...(reason === undefined ? {} : { reason }) };
    const ifUnknown = `plexctl signing jwks --scope ${scope} lists ${request.new_key_id} first if the rotation is open`;
    const reply = await bus.change('signing.rotate', request, ifUnknown);
    noteLapsed(reply, terminal);
    return resultOf(reply);
  },
});

export function noteLapsed({ lapsed = [] }: { lapsed?: readonly string[] }, terminal: Terminal): void {
  if (lapsed.length === 0) return;
  terminal.note(`silent until their lease ran out, so they sign no more: ${listed(lapsed)}`);
}

function resultOf(reply: RotateReply): Result {
  const { scope, old_key_id, new_key_id, opened_at, closes_at, ...more } = reply;
  const transition = { scope, old_key_id, new_key_id, opened_at: utc(opened_at), closes_at: utc(closes_at) };
  return {
    text: { columns: Object.keys(transition).map((name) => name.toUpperCase()), rows: [Object.values(transition)] },
    document: { ...transition, ...more },
  };
}
