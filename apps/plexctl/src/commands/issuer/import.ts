import { isTime } from '@plexsphere/wire';
import type { ImportKeyReply, PlanImportReply } from '@plexsphere/wire/commands';
import { command } from '../../command';
import { durationUpTo, secondsOf } from '../../duration';
import { Failure } from '../../failure';
import { hintFor } from '../../hints';
import { labelled } from '../../layout';
import { utc, type Result } from '../../render';
import { ISSUER_FLAG } from '../client/client-flags';
import { PLAN_FLAG, REASON_FLAG } from '../flag-definitions';
import { changedResult, noteChanged } from '../signing/changed';
import { readForeignKey } from './foreign-key';

export const importKey = command({
  path: ['issuer', 'import'],
  about: `For a team that moves its tokens here: puts the public key of the service that signs them now into the issuer's key
    set, beside its own. Nothing here signs by it. It verifies until the last token is over that the other service signs:
    --foreign-signs-until and --foreign-token-life together; then it is put away by itself. Imported again with a later
    time it verifies until then, and never until earlier.

    --jwk is a file with one public JWK. Its kid is kept, whatever it is, since the tokens name it. A file with a private
    half is refused, and nothing of it is sent anywhere.

    --no-kid is for a service whose tokens name no key. Clients refuse such a token where two keys of its type stand, so
    no other key of the issuer may be of that type, nor be made of it, while the import verifies.`,
  flags: {
    scope: ISSUER_FLAG,
    jwk: { value: 'file', member: 'public_key', summary: 'the public key, as a JWK', required: true },
    'foreign-signs-until': {
      value: 'time',
      summary: 'when the other service signs its last token: RFC 3339',
      accepts: isTime,
      expected: 'a time as RFC 3339 has it: 2026-05-01T12:00:00Z',
      required: true,
    },
    'foreign-token-life': {
      ...durationUpTo('366d'),
      member: 'foreign_token_life_seconds',
      summary: 'how long its tokens live at the most',
      required: true,
    },
    'no-kid': { summary: 'its tokens name no key' },
    reason: REASON_FLAG,
    plan: PLAN_FLAG,
  },
  examples: [
    'plexctl issuer import --scope issuer:web --jwk old.jwk --foreign-signs-until 2026-05-01T12:00:00Z --foreign-token-life 24h --plan',
    'plexctl issuer import --scope issuer:web --jwk old.jwk --foreign-signs-until 2026-05-01T12:00:00Z --foreign-token-life 24h',
  ],
  asks: 'bus',

  async run({ flags: { scope, jwk, reason, plan, ...flags }, bus, terminal }) {
    const asked = {
      scope,
      ...readForeignKey(jwk, { namesNone: flags['no-kid'] }),
      foreign_signs_until: flags['foreign-signs-until'],
      foreign_token_life_seconds: secondsOf(flags['foreign-token-life']) ?? 0,
    };
    if (plan) return planned(await bus.ask('issuer.plan-import', asked));
    const request = { ...asked, ...(reason === undefined ? {} : { reason }) };
    const ifUnknown = `plexctl issuer show --slug ${scope.slice(scope.indexOf(':') + 1)} lists it if it was imported`;
    const reply = await bus.change('issuer.import', request, ifUnknown);
    noteChanged(reply, terminal);
    return changedResult(reply, SHOWN);
  },
});

const SHOWN = [
  'scope',
  'imported_key_id',
  'jwk_kid',
  'algorithm',
  'tokens_until',
] as const satisfies readonly (keyof ImportKeyReply)[];

function planned(plan: PlanImportReply): Result {
  const { scope, imported_key_id: keyId, jwk_kid: kid, tokens_until: until, moves_from: from, refused } = plan;
  const { verifies_until: verifies, blocked_by: blockedBy } = plan;
  const text = labelled([
    { label: 'would import', text: `${keyId ?? 'a key'} into ${scope}` },
    { label: 'called', text: kid ?? 'by no name: its tokens name none' },
    ...(from === null ? [] : [{ label: 'is there', text: `its last token ends at ${utc(from)} as it is now` }]),
    { label: 'last token', text: until === null ? 'not known' : `ends at ${utc(until)}` },
    { label: 'verifies', text: verifies === null ? 'not at all' : `until ${utc(verifies)}, the clock skew later` },
    { label: 'blocked by', text: blockedBy.length === 0 ? 'nothing' : blockedBy.join(', ') },
  ]).join('\n');
  const [first] = blockedBy;
  if (first === undefined) return { text, document: plan };
  const { field, reason }: { field?: unknown; reason?: unknown } = refused ?? {};
  const members = {
    ...(field === undefined ? {} : { field }),
    ...(typeof reason === 'string' ? { reason } : {}),
    blocked_by: blockedBy,
  };
  return { text, document: plan, failure: new Failure(1, 'would be refused', members, hintFor(first, scope)) };
}
