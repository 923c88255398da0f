import type { Bus } from '@plexsphere/service-kit';
import { problem, subjects, type RingView, type Scope } from '@plexsphere/wire';
import type {
  CheckProofs,
  CheckProofsReply,
  GenerateKey,
  LoadKey,
  MakeStatement,
  PrepareStatement,
  TokenHorizon,
  TokenHorizonReply,
} from '@plexsphere/wire/commands';
import type { DataSource } from 'typeorm';
import { snapshotRing } from '../src/rings/read-ring';
import { ringView } from '../src/rings/ring-view';
import { checkProofs } from './played-secrets';
import { PlayedStatements } from './played-statements';

/** Signers as rotation meets them: they answer, and renew their leases when a ring changes. */
export class FakeSigners {
  readonly asked: { verb: string; body: Record<string, unknown> }[] = [];
  /** Those that cannot load a new key. */
  readonly unable = new Set<string>();
  /** Those that hear of no change. */
  readonly paused = new Set<string>();
  areAway = false;
  /** By key id when the last token ends that they signed by it; where there is none they signed none, 'unknown' they do not say. */
  readonly horizons = new Map<string, Date | 'unknown'>();
  /** What happens while they are asked, before they answer. */
  meanwhile: (verb: string) => Promise<unknown> = async () => undefined;

  /** Those that do not know a channel's key yet, one after the other. */
  behind = 0;

  readonly statements: PlayedStatements;
  private readonly viewOf: (scope: Scope) => Promise<RingView | undefined>;

  /** `asRotation` reads rings as rotation does; `owner` may do what rotation may not. */
  constructor(
    private readonly owner: DataSource,
    asRotation: DataSource,
  ) {
    this.viewOf = async (scope) => {
      const stored = await snapshotRing(asRotation, scope);
      return stored && ringView(stored);
    };
    this.statements = new PlayedStatements(this.viewOf);
  }

  times(verb: string): number {
    return this.asked.filter((each) => each.verb === verb).length;
  }

  readonly bus = {
    askSigner: (subject: string, body: object) => this.answer(subject, body),
    request: (subject: string, body: object) => this.answer(subject, body),
    publish: (subject: string, body: object) => {
      if (subject === subjects.ringChanged) void this.confirm(body as { scope: Scope; epoch: number });
    },
  } as unknown as Bus;

  private async answer(subject: string, body: object): Promise<object> {
    const parts = subject.split('.');
    const verb = parts.at(-1) ?? '';
    this.asked.push({ verb, body: body as Record<string, unknown> });
    await this.meanwhile(verb);
    if (this.areAway) throw problem('noSigner');
    if (verb === 'generate-key') return this.statements.generate(body as GenerateKey);
    if (verb === 'make-statement') return this.statements.make(body as MakeStatement);
    if (verb === 'prepare-statement') return this.statements.prepare(body as PrepareStatement);
    if (verb === 'token-horizon') return this.horizonOf(body as TokenHorizon);
    if (verb === 'check-proofs') return this.proofsOf(body as CheckProofs);
    if (verb === 'issue-bus-credential') return { jwt: 'a credential' };
    if (verb === 'sign-bundle') return { bundle: 'a bundle' };
    if (verb === 'load-key') {
      if (this.unable.has(parts.at(-2) ?? '')) throw problem('keyUnavailable');
      this.statements.load(body as LoadKey);
    }
    return {};
  }

  private async proofsOf(request: CheckProofs): Promise<CheckProofsReply> {
    if (this.behind === 0) return checkProofs(request, await this.viewOf(request.scope));
    this.behind--;
    return { results: request.proofs.map(() => 'unknown_key') };
  }

  private horizonOf({ key_id }: TokenHorizon): TokenHorizonReply {
    const horizon = this.horizons.get(key_id);
    if (horizon === 'unknown') throw problem('noSigner');
    return { horizon: horizon?.toISOString() ?? null };
  }

  private async confirm({ scope, epoch }: { scope: Scope; epoch: number }): Promise<void> {
    await this.owner
      .query(
        `UPDATE ring.lease SET epochs = CASE WHEN EXISTS (SELECT FROM ring.key_ring WHERE scope = $1 AND removed_at IS NULL)
                                        THEN epochs || jsonb_build_object($1::text, $2::bigint) ELSE epochs - $1::text END,
                               turn = turn + 1, renewed_at = clock_timestamp() WHERE holder <> ALL ($3::text[])`,
        [scope, epoch, [...this.paused]],
      )
      // The test is over.
      .catch(() => undefined);
  }
}
