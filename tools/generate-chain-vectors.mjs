// test/vectors/chain.json: what a verifier holds, what it is sent, and what it then holds or why it refuses, for another
// implementation of docs/chain.md. Made from fixed seeds by Node's own crypto alone: it shares nothing with the product,
// which reads the file in libs/node-sdk/src/trust/chain-vectors.spec.ts.
import { settle } from './generated-file.mjs';
import { END, LATER, NOW, World, publicKey, seeds } from './vector-rings.mjs';

const PATH = 'test/vectors/chain.json';

const vectors = [];
/** `expect`: of each ring `taken`, or why it is refused. `messages`: the parts of one chain, as objects. */
function vector(name, world, held, messages, expected, { now = NOW } = {}) {
  const after = { ...world.bundle(), ...(expected.ring !== 'taken' && ownOf(held)) };
  if (expected.platform !== 'taken') {
    Object.assign(after, { platform: held.platform, recovery_public_key: held.recovery_public_key });
  }
  const { scope, platform, recovery_public_key } = after;
  const holds = { scope, ...ownOf(after), platform, recovery_public_key };
  vectors.push({ name, now, held, messages: messages.map((each) => JSON.stringify(each)), expect: expected, holds });
}
const ANCHOR = [
  'epoch',
  'trust_epoch',
  'active_key_id',
  'staged_key_id',
  'keys',
  'statement_hash',
  'head_epoch',
  'next',
];
const ownOf = (bundle) => Object.fromEntries(ANCHOR.map((member) => [member, bundle[member]]));

const BOTH = { platform: 'taken', ring: 'taken' };
const own = (code) => ({ platform: 'taken', ring: code });
const none = (code) => ({ platform: code, ring: code });

function taken(name, live) {
  const world = new World();
  live(world);
  vector(name, world, world.held, [world.message()], BOTH);
}
/** Of the Domain's ring: `change` makes the one statement that follows its head, or the message. */
function refused(name, code, change) {
  const world = new World();
  const text = change(world);
  const members = typeof text === 'string' ? { statements: [text] } : text;
  vector(name, world, world.held, [world.message(members)], own(code));
}

taken('nothing since: the bundle alone', () => undefined);
taken('rotate, to the key ahead', (w) => w.rotate(w.domain, 'a', 'b', 'c'));
taken('rotate and its close, which has no statement', (w) => (w.rotate(w.domain, 'a', 'b', 'c'), w.domain.close()));
taken('stage', (w) => w.rotate(w.domain, 'a', 'b', 'c', 'stage'));
taken('rotate, to the staged key: one signature, and next is kept', (w) => {
  w.rotate(w.domain, 'a', 'b', 'c', 'stage');
  const fields = { old: 'a', new: 'b', closes: LATER, expires: END };
  w.domain.add('rotate', fields, [['authority', 'a']], [['b'], ['a', END]]);
});
taken('unstage', (w) => {
  w.rotate(w.domain, 'a', 'b', 'c', 'stage');
  w.domain.add('unstage', { old: 'b', new: 'a' }, [['authority', 'a']], [['a']]);
});
taken('rollback of a Domain: by the platform key', (w) => {
  w.rotate(w.domain, 'a', 'b', 'c');
  w.rollback(w.domain, 'b', 'a', 'p1', 1);
});
taken('rollback of platform: by the key that goes', (w) => {
  w.rotate(w.platform, 'p1', 'p2', 'p3');
  w.rollback(w.platform, 'p2', 'p1', 'p2');
});
taken('rollback of platform: by the recovery key', (w) => {
  w.rotate(w.platform, 'p1', 'p2', 'p3');
  w.rollback(w.platform, 'p2', 'p1', 'recovery-1');
});
taken('revoke of the active key, a new one takes its place', (w) => w.revoke(w.domain, 'a', 'x', 'y', 'p1', 1));
taken('revoke of the active key, the staged one takes its place', (w) => {
  w.rotate(w.domain, 'a', 'b', 'c', 'stage');
  w.domain.add('revoke', { old: 'a', new: 'b', next: 'd', authority: 1 }, [['authority', 'p1']], [['b']]);
});
taken('revoke of the retiring key', (w) => {
  w.rotate(w.domain, 'a', 'b', 'c');
  w.domain.add('revoke', { old: 'a', new: 'b', next: 'd', authority: 1 }, [['authority', 'p1']], [['b']]);
});
taken('recommit', (w) => {
  w.domain.add('recommit', { old: 'a', new: 'a', next: 'd', authority: 1 }, [['authority', 'p1']]);
});
const recover = (w, from, to) => {
  const signers = [
    ['authority', from],
    ['possession', to],
  ];
  w.platform.add('recovery', { old: from, new: to }, signers);
  w.recovery = to;
};
taken('recovery, then a revoke of platform by the new recovery key', (w) => {
  recover(w, 'recovery-1', 'recovery-2');
  w.revoke(w.platform, 'p1', 'px', 'py', 'recovery-2');
});
taken('a statement by the platform key as it was active then', (w) => {
  w.rotate(w.domain, 'a', 'b', 'c');
  w.rollback(w.domain, 'b', 'a', 'p1', 1);
  w.rotate(w.platform, 'p1', 'p2', 'p3');
  w.platform.close();
});

{
  const world = new World();
  world.rotate(world.platform, 'p1', 'p2', 'p3');
  world.rotate(world.domain, 'a', 'b', 'c');
  const { platform_statements, statements, bundle } = world.message();
  const parts = [
    { platform_statements, statements: [], more: true },
    { platform_statements: [], statements, more: true },
    { platform_statements: [], statements: [], bundle },
  ];
  vector('in parts, of which the last has the bundle', world, world.held, parts, BOTH);
  vector('without the part between', world, world.held, [parts[0], parts[2]], own('bundle_foreign'));
}
{
  // The verifier has heard of p2 and p3; a statement of its Domain was vouched for by p1.
  const world = new World();
  world.rotate(world.domain, 'a', 'b', 'c');
  world.rollback(world.domain, 'b', 'a', 'p1', 1);
  world.rotate(world.platform, 'p1', 'p2', 'p3');
  world.rotate(world.platform, 'p2', 'p3', 'p4');
  const held = { ...world.held, platform: world.platform.anchor() };
  const whole = { ...world.message(), platform_statements: world.platform.statements };
  vector('an earlier platform key, proven by hashes back from the head', world, held, [whole], BOTH);
  vector(
    'an earlier platform key that nothing proves',
    world,
    held,
    [{ ...whole, platform_statements: [] }],
    own('foreign_authority'),
  );
}
/** A verifier that took what a thief made with the keys that he stole, and our rings without it. */
function forked(steal) {
  const [world, thief] = [new World(), new World()];
  steal(thief);
  return { world, held: thief.bundle() };
}
const steals = (w) => w.rotate(w.domain, 'a', 'b', 'thief');
{
  const { world, held } = forked(steals);
  world.revoke(world.domain, 'a', 'x', 'y', 'p1', 1);
  world.rotate(world.domain, 'x', 'y', 'z');
  vector('fork: our revoke replaces what is held', world, held, [world.message()], BOTH);
  const short = { statements: world.domain.statements.slice(1, 2) };
  vector(
    'fork: not where the bundle names what follows, and it is not there',
    world,
    held,
    [world.message(short)],
    own('bundle_foreign'),
  );
  vector(
    'fork: not where the bundle is older than five minutes',
    world,
    held,
    [world.message()],
    none('bundle_stale'),
    { now: '2026-03-01T12:05:00.001Z' },
  );
  const since = { ...held, issued_at: '2026-03-01T12:00:30Z' };
  vector(
    'fork: not where the bundle is older than one taken before',
    world,
    since,
    [world.message()],
    own('bundle_stale'),
    { now: '2026-03-01T12:01:00Z' },
  );
}
{
  const { world, held } = forked(steals);
  world.rotate(world.domain, 'a', 'b', 'c');
  vector(
    'fork: without a revoke or rollback by the superior nothing is taken',
    world,
    held,
    [world.message()],
    own('fork'),
  );
}
{
  const { world, held } = forked((w) => w.rotate(w.platform, 'p1', 'p2', 'thief'));
  recover(world, 'recovery-1', 'recovery-2');
  world.rotate(world.platform, 'p1', 'p2', 'p3');
  world.revoke(world.platform, 'p2', 'px', 'py', 'recovery-2');
  const [recovery, , revoke] = world.platform.statements.slice(1);
  const chain = world.message({ platform_statements: [recovery, revoke] });
  vector('fork of platform: recoveries first, then the revoke', world, held, [chain], BOTH);
  const without = world.message({ platform_statements: [revoke] });
  vector('fork of platform: without the recoveries', world, held, [without], none('gap'));
}
{
  const world = new World();
  world.rotate(world.platform, 'p1', 'p2', 'p3');
  const forged = world.domain.make('revoke', { old: 'a', new: 'x', next: 'y', authority: 1 }, [
    ['authority', 'a'],
    ['possession', 'x'],
  ]);
  vector(
    'each ring by itself: the platform’s part counts',
    world,
    world.held,
    [world.message({ statements: [forged] })],
    own('foreign_authority'),
  );
}

const rotation = { old: 'a', new: 'b', next: 'c', closes: LATER, expires: END };
const signedBy = (...signers) =>
  signers.map((each) => (Array.isArray(each) ? each : [each, each === 'authority' ? 'a' : 'b']));
const follow =
  (members, ...signers) =>
  (w) =>
    w.domain.make(
      'rotate',
      { ...rotation, ...members },
      signedBy(...(signers.length ? signers : ['authority', 'possession'])),
    );
const other = Buffer.alloc(32, 7).toString('base64url');
refused('gap: it follows another', 'gap', follow({ previous: other }));
refused('fork: beside the head, no later', 'fork', follow({ previous: other, epoch: 1 }));
refused('its epoch does not rise', 'epoch_back', follow({ epoch: 1 }));
refused('another scope', 'wrong_scope', follow({ scope: 'platform' }));
refused('no signature', 'signature_missing', (w) => w.domain.make('rotate', rotation, []));
refused('a new key that has not signed', 'signature_missing', follow({}, 'authority'));
refused('two of one role', 'signature_repeated', follow({}, 'authority', 'authority'));
refused('each in the other’s place', 'signature_swapped', follow({}, 'possession', 'authority'));
refused('a third signature', 'signature_too_many', follow({}, 'authority', 'possession', 'possession'));
refused('a held key that signs', 'signature_too_many', (w) =>
  w.domain.make('recommit', { old: 'a', new: 'a', next: 'd', authority: 1 }, [
    ['authority', 'p1'],
    ['possession', 'a'],
  ]),
);
refused(
  'by a key that is not the active one',
  'foreign_authority',
  follow({ old: 'z' }, ['authority', 'z'], 'possession'),
);
refused('the active key’s name, another key', 'signature_invalid', follow({}, ['authority', 'z', 'a'], 'possession'));
refused('the new key’s name, another key', 'signature_invalid', follow({}, 'authority', ['possession', 'z', 'b']));
refused('a revoke by the Domain’s own key', 'foreign_authority', (w) =>
  w.domain.make('revoke', { old: 'a', new: 'x', next: 'y', authority: 1 }, [
    ['authority', 'a'],
    ['possession', 'x'],
  ]),
);
refused('not the key that was committed to', 'next_not_kept', follow({ new: 'z' }, 'authority', ['possession', 'z']));
refused('the same commitment again', 'next_not_kept', (w) =>
  w.domain.make('recommit', { old: 'a', new: 'a', authority: 1 }, [['authority', 'p1']]),
);
refused('a rollback to a key that was never there is the superior’s word; an unstage of one is not', 'revoked', (w) =>
  w.domain.make('unstage', { old: 'z', new: 'a' }, [['authority', 'a']]),
);
refused('a type that has no window, with one', 'malformed', (w) =>
  w.domain.make('unstage', { old: 'z', new: 'a', closes: LATER }, [['authority', 'a']]),
);

const bundled = (name, code, members, by) => {
  const world = new World();
  vector(name, world, world.held, [world.message({ bundle: world.signedBundle(members(world), by) })], code);
};
bundled('bundle: by a key that is not the platform’s active one', none('bundle_foreign'), () => ({}), 'a');
bundled('bundle: of another scope', none('wrong_scope'), () => ({
  scope: 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b2',
}));
bundled('bundle: another recovery key', none('bundle_foreign'), () => ({ recovery_public_key: publicKey('z') }));
bundled('bundle: another head', own('bundle_foreign'), () => ({ statement_hash: other }));
bundled('bundle: another key ahead', own('bundle_foreign'), () => ({ next: other }));
bundled('bundle: another active key', own('bundle_foreign'), (w) => ({
  active_key_id: 'z',
  keys: [{ key_id: 'z', public_key: publicKey('z') }, ...w.bundle().keys.map((key) => ({ ...key, not_after: END }))],
}));
bundled('bundle: a key that no statement brought in stays untrusted', BOTH, (w) => ({
  keys: [...w.bundle().keys, { key_id: 'z', public_key: publicKey('z'), not_after: END }],
}));
{
  const world = new World();
  world.rotate(world.domain, 'a', 'b', 'c', 'stage');
  const unnamed = { staged_key_id: null, keys: world.bundle().keys.slice(0, 1) };
  vector(
    'bundle: the staged key must be named',
    world,
    world.held,
    [world.message({ bundle: world.signedBundle(unnamed) })],
    own('bundle_foreign'),
  );
}

await settle(
  PATH,
  `${JSON.stringify(
    {
      about: [
        'What docs/chain.md says, tried: `held` is what the verifier was enrolled with (a bundle’s payload, believed as it stands), `messages` the parts of one chain message in order, `now` its clock.',
        'expect: of each ring `taken`, or the code of the refusal. holds: what it holds then; `trust_epoch` stands there for completeness, no verifier keeps it.',
        'seeds: each key’s Ed25519 seed, standard base64. Signatures are deterministic (RFC 8032), so whoever makes the same payload and header makes the same text.',
      ],
      seeds,
      vectors,
    },
    null,
    1,
  )}\n`,
);
