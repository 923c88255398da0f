/** For specs: answers the relay's requests on the bus with real keys, as a signer that holds every lease would. */

import {
  PLATFORM,
  buildEnvelope,
  canonicalText,
  headers as names,
  problem,
  publicText,
  subjects,
  type Problem,
  type Scope,
} from '@plexsphere/wire';
import type {
  Announce,
  EnvelopeReply,
  SignBundle,
  SignBundleReply,
  SignEnvelope,
  SignReady,
  SignReadyReply,
} from '@plexsphere/wire/commands';
import { readStatement, signBundle, statementHash } from '@plexsphere/wire/jws';
import { headers as natsHeaders, type Msg, type NatsConnection } from 'nats';
import type { SeededMesh, SeededRing } from './seeded-mesh';

export class FakeSigner {
  /** Every request that was answered, by verb. */
  readonly asked: string[] = [];

  constructor(
    private readonly connection: NatsConnection,
    private readonly mesh: SeededMesh,
  ) {}

  listen(): () => void {
    const subscription = this.connection.subscribe(subjects.scopeSigner('*', '*' as 'announce'), {
      callback: (_, message) => void this.answer(message),
    });
    return () => subscription.unsubscribe();
  }

  private async answer(message: Msg): Promise<void> {
    const verb = message.subject.split('.').at(-1) ?? '';
    try {
      const reply = await this.sign(verb, message);
      this.asked.push(verb);
      message.respond(JSON.stringify(reply));
    } catch (error) {
      const { code, detail, body } = error as Problem;
      const headers = natsHeaders();
      headers.set(names.errorCode, code);
      headers.set(names.error, detail);
      message.respond(JSON.stringify(body), { headers });
    }
  }

  private sign(verb: string, message: Msg): unknown {
    if (verb === 'sign-envelope') return this.envelope(message.json<SignEnvelope>());
    if (verb === 'announce') return this.announcement(message.json<Announce>());
    if (verb === 'sign-ready') return this.readies(message.json<SignReady>());
    return this.bundle(message.json<SignBundle>());
  }

  private readies(request: SignReady): SignReadyReply {
    this.at(request.scope, request.epoch);
    const { keyId } = this.mesh.active(request.scope);
    const envelopes = request.readies.map(({ event_id, nonce, ...fields }) => {
      const payload = JSON.stringify({ ...fields, epoch: request.epoch });
      return this.sealed({ ...request, event_type: 'stream_ready', event_id, nonce }, keyId, payload).envelope;
    });
    return { envelopes, key_id: keyId };
  }

  private envelope(request: SignEnvelope): unknown {
    this.at(request.scope, request.epoch);
    return this.sealed(request, this.mesh.active(request.scope).keyId, request.payload ?? null);
  }

  private announcement(request: Announce): unknown {
    const ring = this.at(request.scope, request.epoch);
    const about = request.event_type === 'platform_key_rotated' ? this.mesh.of(PLATFORM) : ring;
    const made = readStatement(about.statement);
    const { epoch, transition_expires, scope, old_key_id, new_key_id, opened_at } = made;
    const proven = { epoch, transition_expires, statement: about.statement };
    const own = {
      current: made.new_public_key,
      previous: made.old_public_key,
      scope,
      old_key_id,
      new_key_id,
      opened_at,
    };
    const payload = about === ring ? { ...own, ...proven } : proven;
    return this.sealed(request, request.key_id, JSON.stringify(payload));
  }

  /** As an enrolment brings it. */
  async bundleOf(scope: Scope): Promise<string> {
    const now = Date.now();
    const platform = anchorOf(this.mesh.of(PLATFORM));
    return signBundle(
      {
        scope,
        ...anchorOf(this.mesh.of(scope)),
        platform,
        recovery_public_key: publicText(this.mesh.recovery.privateKey),
        issued_at: new Date(now).toISOString(),
        expires_at: new Date(now + 300_000).toISOString(),
      },
      this.mesh.active(PLATFORM),
    );
  }

  private async bundle(request: SignBundle): Promise<SignBundleReply> {
    this.at(request.scope, request.epoch);
    this.at(PLATFORM, request.platform_epoch);
    return { bundle: await this.bundleOf(request.scope) };
  }

  private at(scope: Scope, epoch: number): SeededRing {
    const ring = this.mesh.of(scope);
    if (ring.epoch !== epoch) throw problem('epochMismatch', { epoch: ring.epoch });
    return ring;
  }

  private sealed(
    request: Pick<SignEnvelope, 'scope' | 'event_type' | 'event_id' | 'issued_at' | 'nonce'>,
    keyId: string,
    payload: string | null,
  ): EnvelopeReply {
    const key = this.mesh.of(request.scope).keys.find((each) => each.keyId === keyId);
    if (key === undefined || key.state === 'retired') throw problem('unknownKey');
    const { event_type: eventType, event_id: eventId, issued_at: issuedAt, nonce, scope } = request;
    const canonical = canonicalText({ eventType, eventId, issuedAt, nonce, payload });
    const signature = key.privateKey.sign(Buffer.from(canonical));
    return { envelope: buildEnvelope(canonical, { scope, keyId }, signature), key_id: keyId };
  }
}

const anchorOf = (ring: SeededRing) => ({
  epoch: ring.epoch,
  trust_epoch: ring.trustEpoch,
  active_key_id: ring.keys.find(({ state }) => state === 'active')?.keyId ?? '',
  keys: ring.keys
    .filter((key) => key.state !== 'retired')
    .map((key) => ({ key_id: key.keyId, public_key: publicText(key.privateKey) })),
  statement_hash: statementHash(ring.statement),
});
