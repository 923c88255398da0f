// Rings, statements and bundles of the vectors, by Node's own crypto and from fixed seeds: the same bytes in every run.
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';

export const NOW = '2026-03-01T12:00:00Z';
export const LATER = '2026-03-02T12:00:00Z';
export const END = '2026-03-02T12:00:30Z';
const DOMAIN = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
// RFC 8410 section 7: what stands before the 32 bytes of an Ed25519 seed in PKCS#8.
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const encode = (value) => base64url(JSON.stringify(value));

export const seeds = {};
const privateKey = (name) => {
  const seed = sha256(name);
  seeds[name] = seed.toString('base64');
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
};
export const publicKey = (name) =>
  createPublicKey(privateKey(name)).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
const keyHash = (name) => base64url(sha256(Buffer.from(publicKey(name), 'base64')));

/** `by`: the seed's name; `kid` where the key goes by another. */
const signature = (typ, payload, by, role, kid = by) => {
  const header = encode({ alg: 'EdDSA', typ, kid, ...(role && { role }) });
  return { signature: base64url(sign(null, Buffer.from(`${header}.${payload}`), privateKey(by))), protected: header };
};
const statementText = (statement, signers) => {
  const payload = encode(statement);
  const signatures = signers.map(([role, by, kid]) => signature('plexsphere-statement+jws', payload, by, role, kid));
  return JSON.stringify({ signatures, payload });
};
const hashOf = (text) => base64url(sha256(Buffer.from(JSON.parse(text).payload, 'base64url')));

/** A ring: its keys by name, the name of the key ahead, and its statements. */
class Ring {
  statements = [];
  epoch = 0;
  keys = [];

  constructor(scope) {
    this.scope = scope;
  }

  /** `fields`: old and new by name, times, next by name; `trusted`: [name, end] after it, the active one first. */
  add(type, fields, signers, trusted, staged = null) {
    const text = this.make(type, fields, signers);
    this.statements.push(text);
    this.epoch += 1;
    Object.assign(this, { ahead: fields.next ?? this.ahead, head: hashOf(text), headEpoch: this.epoch });
    if (trusted !== undefined) Object.assign(this, { keys: trusted, staged, trustEpoch: this.epoch });
    return text;
  }

  make(type, { old = null, new: fresh, authority = null, closes = null, expires = null, next, ...members }, signers) {
    const statement = {
      type,
      scope: this.scope,
      epoch: this.epoch + 1,
      authority_epoch: authority,
      old_key_id: old,
      old_public_key: old && publicKey(old),
      new_key_id: fresh,
      new_public_key: publicKey(fresh),
      opened_at: NOW,
      closes_at: closes,
      transition_expires: expires,
      next: keyHash(next ?? this.ahead),
      previous: this.head ?? null,
      ...members,
    };
    return statementText(statement, signers);
  }

  close() {
    this.epoch += 1;
    this.keys = this.keys.slice(0, 1);
  }

  anchor() {
    return {
      epoch: this.epoch,
      trust_epoch: this.trustEpoch,
      active_key_id: this.keys[0][0],
      staged_key_id: this.staged,
      keys: this.keys.map(([name, end]) => ({
        key_id: name,
        public_key: publicKey(name),
        ...(end && { not_after: end }),
      })),
      statement_hash: this.head,
      head_epoch: this.headEpoch,
      next: keyHash(this.ahead),
    };
  }
}

/** The platform's ring and a Domain's, each at its first key. Told since: everything that follows. */
export class World {
  recovery = 'recovery-1';
  platform = new Ring('platform');
  domain = new Ring(DOMAIN);

  constructor() {
    const first = (name, by) => [
      ['authority', by],
      ['possession', name],
    ];
    this.platform.add('create', { new: 'p1', next: 'p2' }, first('p1', 'recovery-1'), [['p1']]);
    this.domain.add('create', { new: 'a', next: 'b', authority: 1 }, first('a', 'p1'), [['a']]);
    this.since = [1, 1];
    this.held = this.bundle();
  }

  bundle() {
    return {
      scope: DOMAIN,
      ...this.domain.anchor(),
      platform: this.platform.anchor(),
      recovery_public_key: publicKey(this.recovery),
      issued_at: NOW,
      expires_at: '2026-03-01T12:05:00Z',
    };
  }

  signedBundle(members = {}, by = this.platform.keys[0][0]) {
    const payload = encode({ ...this.bundle(), ...members });
    const one = signature('plexsphere-bundle+jws', payload, by);
    return `${one.protected}.${payload}.${one.signature}`;
  }

  /** Of a chain message, whole unless members are replaced. */
  message(members = {}) {
    const [platform_statements, statements] = [this.platform, this.domain].map((ring, i) =>
      ring.statements.slice(this.since[i]),
    );
    return { platform_statements, statements, bundle: this.signedBundle(), ...members };
  }

  rotate(ring, from, to, next, type = 'rotate') {
    const rotate = type === 'rotate';
    const signers = [
      ['authority', from],
      ['possession', to],
    ];
    const fields = { old: from, new: to, next, closes: rotate ? LATER : null, expires: END };
    return ring.add(type, fields, signers, rotate ? [[to], [from, END]] : [[from], [to, END]], rotate ? null : to);
  }

  revoke(ring, old, fresh, next, by, authority = null) {
    const signers = [
      ['authority', by],
      ['possession', fresh],
    ];
    return ring.add('revoke', { old, new: fresh, next, authority }, signers, [[fresh]]);
  }

  rollback(ring, from, to, by, authority = null) {
    const fields = { old: from, new: to, expires: END, authority };
    return ring.add('rollback', fields, [['authority', by]], [[to], [from, END]]);
  }
}
