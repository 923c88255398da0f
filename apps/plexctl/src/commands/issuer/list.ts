import { command } from '../../command';
import { utc } from '../../render';

export const listIssuers = command({
  path: ['issuer', 'list'],
  about: `Lists the issuers that you may see, the default one first: what their tokens name, the key that signs, the one that
    is published to sign next, and whether a rotation is open.`,
  flags: {},
  examples: ['plexctl issuer list', 'plexctl issuer list --output json'],
  asks: 'bus',

  async run({ bus }) {
    const document = await bus.ask('issuer.list', {});
    const rows = document.issuers.map((issuer) => [
      ...[issuer.scope, issuer.url, issuer.default ? 'yes' : 'no', issuer.active_key_id],
      ...[issuer.standby_key_id ?? '-', issuer.open ? 'open' : 'none', utc(issuer.created_at)],
    ]);
    const columns = ['SCOPE', 'URL', 'DEFAULT', 'ACTIVE_KEY_ID', 'STANDBY_KEY_ID', 'ROTATION', 'CREATED_AT'];
    return { text: { columns, rows }, document };
  },
});
