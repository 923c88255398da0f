import { domainScope } from '@plexsphere/wire';
import { command } from '../../command';
import { oneRow } from '../../render';
import { keyIdFlag, UUID_FLAG } from '../flag-definitions';

export const createDomain = command({
  path: ['domain', 'create'],
  about: `Makes the ring of the scope domain:<id> with --key-id as its active key, stated by the platform key. Returns
    when a signer is ready to sign by it.`,
  flags: {
    id: { ...UUID_FLAG, summary: 'of the Domain, in lower case', required: true },
    'key-id': keyIdFlag('key_id', 'of its first key'),
  },
  examples: ['plexctl domain create --id 0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1 --key-id domain-2026-04'],
  asks: 'bus',

  async run({ flags, bus }) {
    const request = { id: flags.id, key_id: flags['key-id'] };
    const ifUnknown = `plexctl signing status --scope ${domainScope(flags.id)} shows ${request.key_id} if it was made`;
    const { scope, key_id, epoch, ...more } = await bus.change('domain.create', request, ifUnknown);
    return { text: oneRow({ scope, key_id, epoch }), document: { scope, key_id, epoch, ...more } };
  },
});
