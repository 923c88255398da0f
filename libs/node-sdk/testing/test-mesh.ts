import { randomUUID } from 'node:crypto';
import { TestRings, envelopeBy, type EventFields, type TestKey, type TestRing } from '@plexsphere/testkit';
import { PLATFORM, type StreamReady } from '@plexsphere/wire';
import type { TrustAnchor } from '@plexsphere/wire/jws';

/** The platform's ring, a Domain's, the recovery key, and what is said about them to one Node. */
export class TestMesh {
  readonly nodeId = randomUUID();

  private constructor(
    private readonly rings: TestRings,
    readonly platform: TestRing,
    readonly ring: TestRing,
  ) {}

  /** With `scope` platform there is one ring for both. */
  static async create(now: Date, scope = `domain:${randomUUID()}`): Promise<TestMesh> {
    const rings = new TestRings();
    const platform = await rings.create(PLATFORM, 'platform-1', now);
    return new TestMesh(rings, platform, scope === PLATFORM ? platform : await rings.create(scope, 'key-1', now));
  }

  get recovery(): TestKey {
    return this.rings.recovery;
  }

  bundle(now: Date, by?: TestKey, anchor?: TrustAnchor, platform?: TrustAnchor): Promise<string> {
    return this.rings.bundle(this.ring.scope, now, { by, anchor, platform });
  }

  /** A chain message, whole unless members are replaced. */
  async chain(now: Date, since: { epoch: number; platformEpoch: number }, members: object = {}): Promise<string> {
    const isPlatforms = this.ring === this.platform;
    return JSON.stringify({
      platform_statements: this.platform.statementsSince(isPlatforms ? since.epoch : since.platformEpoch),
      statements: isPlatforms ? [] : this.ring.statementsSince(since.epoch),
      bundle: await this.bundle(now),
      ...members,
    });
  }

  /** Everything that is not named here is as if the Node had everything. `members` replaces members of the payload. */
  ready(
    now: Date,
    helloId: string,
    members: Partial<StreamReady> = {},
    fields: EventFields & { by?: TestKey } = {},
  ): string {
    const { by = this.ring.active, ...others } = fields;
    const payload: StreamReady = {
      node_id: this.nodeId,
      hello_id: helloId,
      epoch: this.ring.epoch,
      platform_epoch: this.platform.epoch,
      resumes_after: 0,
      last_position: 0,
      ...members,
    };
    const eventId = `${this.nodeId}/${randomUUID()}`;
    return envelopeBy(by, this.ring.scope, now, { eventType: 'stream_ready', eventId, payload, ...others });
  }

  /** An enrolment file's text, of a Node over HTTP. */
  async httpEnrolment(now: Date, members: object = {}): Promise<string> {
    return JSON.stringify({
      ...{ node_id: this.nodeId, scope: this.ring.scope, name: 'node-1' },
      ...{ gateways: ['http://127.0.0.1:8080'], bearer: 'no-secret', bundle: await this.bundle(now) },
      ...members,
    });
  }

  /** An enrolment file's text. */
  async enrolment(now: Date, members: object = {}): Promise<string> {
    return JSON.stringify({
      node_id: this.nodeId,
      scope: this.ring.scope,
      name: 'node-1',
      servers: ['127.0.0.1:4222'],
      bus_credential: 'no credential',
      bundle: await this.bundle(now),
      ...members,
    });
  }
}
