/** One Node over HTTP, and its journal. It verifies by two raw keys and knows no key ids: those are looked up beside it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { StrictNode, type Beats, type Identity, type StrictKeys } from '@plexsphere/testkit';
import { isReservedEventType } from '@plexsphere/wire';
import { appendLine } from './node-fleet-journal';

/** A tenth of a daemon's: what such a Node has taken shows when it comes back, and nobody wants to wait for that. */
const BEATS: Beats = { cutMs: 3_000, heartbeatMs: 3_000, stateMs: 6_000 };

export interface Joined {
  gateways: readonly string[];
  scope: string;
  identity: Identity;
  /** Where its journal goes. */
  folder: string;
}

export class HttpNode {
  /** It has taken an envelope, so its stream is one that goes on. */
  readonly ready: Promise<void>;
  private readonly node: StrictNode;
  private readonly journal: string;
  /** One look after the other, in the order in which the keys were set. */
  private looking: Promise<void> = Promise.resolve();

  private constructor(private readonly joined: Joined) {
    const { gateways, identity, folder } = joined;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.journal = join(folder, 'journal.jsonl');
    let isReady: () => void = () => undefined;
    this.ready = new Promise((resolve) => (isReady = resolve));
    this.node = new StrictNode(gateways, identity, BEATS, {
      accepted: ({ eventId, eventType }) => {
        isReady();
        if (isReservedEventType(eventType)) return;
        appendLine(this.journal, { kind: 'taken', event_id: eventId, event_type: eventType });
      },
      refused: (reason) => appendLine(this.journal, { kind: 'refused', reason }),
      trusts: (keys) => this.trusts(keys, new Date()),
    });
  }

  static start(joined: Joined): HttpNode {
    const node = new HttpNode(joined);
    node.node.start();
    return node;
  }

  async stop(): Promise<void> {
    await this.node.stop();
    await this.looking;
  }

  private trusts({ current, previous, until }: StrictKeys, at: Date): void {
    const isHeld = previous !== null && previous !== current && until !== null && at < until;
    const held = isHeld ? [current, previous] : [current];
    this.looking = this.looking.then(async () => {
      const names = await this.namesOf().catch(() => new Map<string, string>());
      appendLine(this.journal, { kind: 'trusts', key_ids: held.map((key) => names.get(key) ?? key) });
    });
  }

  /** As any verifier reads them: raw key → key id. */
  private async namesOf(): Promise<Map<string, string>> {
    const { gateways, scope } = this.joined;
    const response = await fetch(new URL(`/v1/scopes/${scope}/jwks.json`, gateways[0]));
    const { keys } = (await response.json()) as { keys: { kid: string; x: string }[] };
    return new Map(keys.map(({ kid, x }) => [Buffer.from(x, 'base64url').toString('base64'), kid]));
  }
}
