/**
 * For specs: the heart of rotation on a real PostgreSQL, as replicas with pools of their own under the service's own
 * role, without a bus and without processes. The signers are played: they hold leases, make and load keys, and confirm.
 */
import { createRing } from '@plexsphere/keyring';
import { Health, type Logger } from '@plexsphere/service-kit';
import { insertRing, storeOptions, type MadeStatement } from '@plexsphere/store';
import { MESH_ALGORITHM, PLATFORM, publicText, type Command, type Scope } from '@plexsphere/wire';
import type { PrepareSuperiorReply } from '@plexsphere/wire/commands';
import {
  joinStatement,
  keyHash,
  readStatement,
  signStatement,
  statementHash,
  statementSignature,
  type SigningKey,
  type Statement,
} from '@plexsphere/wire/jws';
import { privateKeyOf } from '@plexsphere/testkit';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import type { Revocations } from '../src/bus-account/revocations';
import { ActivateChannelKey } from '../src/channels/activate-channel-key';
import { AddMember } from '../src/channels/add-member';
import { CreateChannel } from '../src/channels/create-channel';
import { JudgeProofs } from '../src/channels/judge-proofs';
import { RemoveMember } from '../src/channels/remove-member';
import { TakeReport } from '../src/channels/take-report';
import { PlanRemoval } from '../src/domains/plan-removal';
import { RemoveDomain } from '../src/domains/remove-domain';
import { RemovedRings } from '../src/domains/removed-rings';
import { CreateIssuer } from '../src/issuers/create-issuer';
import { ImportKey } from '../src/issuers/import-key';
import { TokenEnds } from '../src/rotations/token-ends';
import { LaterStatements } from '../src/leases/later-statements';
import { LeaseBook } from '../src/leases/lease-book';
import { Signers } from '../src/leases/signers';
import { Joining } from '../src/nodes/joining';
import { RemoveNode } from '../src/nodes/remove-node';
import { KindPolicies } from '../src/policies/kind-policies';
import { Policies } from '../src/policies/policies';
import { PolicyChange } from '../src/policies/policy-change';
import { ChangeRing } from '../src/rings/change-ring';
import { RotateWhenApplied } from '../src/rotator/rotate-when-applied';
import { Rotator } from '../src/rotator/rotator';
import { TakeStep } from '../src/rotator/take-step';
import { CreateRing } from '../src/rings/create-ring';
import { GivenStatements } from '../src/rings/given-statement';
import { PrepareSuperiorStatement } from '../src/rings/prepare-superior';
import { RecommitRing } from '../src/rings/recommit-ring';
import { RevokeKey } from '../src/rings/revoke-key';
import { ChangeDecisions } from '../src/rings/change-decisions';
import { RotateRecovery } from '../src/rings/rotate-recovery';
import { StageKey } from '../src/rings/stage-key';
import type { RotationConfig } from '../src/rotation-config';
import { AfterCommit } from '../src/rotations/after-commit';
import { CloseRotation } from '../src/rotations/close-rotation';
import { EpochSwitch } from '../src/rotations/epoch-switch';
import { OpenRotation } from '../src/rotations/open-rotation';
import { Preparation } from '../src/rotations/preparation';
import { PreparedKeys } from '../src/rotations/prepared-keys';
import { ResumeLoop } from '../src/rotations/resume-loop';
import { RollbackRotation } from '../src/rotations/rollback-rotation';
import { RotationPlans } from '../src/rotations/rotation-plans';
import { SettleRollbacks } from '../src/rotations/settle-rollbacks';
import { CommandTransactions } from '../src/transactions/command-transactions';
import { waitingOptions } from '../src/transactions/pools';
import { WorkLeft } from '../src/work/work-left';
import type { RequestIdentity } from '../src/transactions/requests';
import { FakeSigners } from './fake-signers';
import type { MigratedDatabase } from './seeded-rings';

export const DOMAIN = 'domain:aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
export const HOLDERS = ['signer-1', 'signer-2'];
export const OPERATOR = '00000000-0000-4000-8000-00000000000a';

/** In nobody's database: an operator has it. */
export const RECOVERY: SigningKey = { keyId: 'recovery', privateKey: privateKeyOf('recovery') };

/** L is far beyond what a test waits for: whatever ends sooner was confirmed. */
export const CONFIG = {
  ...{ leaseMs: 60_000, signingDurationMs: 20, overlapWindowMs: 3_600_000, clockSkewMs: 30_000, relayLagMs: 300_000 },
  ...{
    stalenessMs: 300_000,
    verifierCacheMs: 900_000,
    longestTokenLifeMs: 3_600_000,
    activateWithinMs: 900_000,
    bothForMs: 300_000,
    scopeKinds: ['platform', 'domain', 'channel'],
  },
} as unknown as RotationConfig;

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;

/** How one of several that raced ended: done, or the detail that it was refused by. */
export const detailOf = (end: PromiseSettledResult<unknown>): string =>
  end.status === 'fulfilled' ? 'done' : (end.reason as { detail: string }).detail;

export const identity = (command: Command, requestId: string = randomUUID()): RequestIdentity => ({
  requestId,
  command,
  actor: OPERATOR,
  bodyHash: 'b',
});

export interface Replica {
  openRotation: OpenRotation;
  closeRotation: CloseRotation;
  rollbackRotation: RollbackRotation;
  stageKey: StageKey;
  revokeKey: RevokeKey;
  recommitRing: RecommitRing;
  prepareSuperior: PrepareSuperiorStatement;
  rotateRecovery: RotateRecovery;
  createRing: CreateRing;
  createChannel: CreateChannel;
  addMember: AddMember;
  removeMember: RemoveMember;
  removeNode: RemoveNode;
  takeReport: TakeReport;
  createIssuer: CreateIssuer;
  importKey: ImportKey;
  removeDomain: RemoveDomain;
  planRemoval: PlanRemoval;
  removedRings: RemovedRings;
  resume: ResumeLoop;
  work: WorkLeft;
  settling: SettleRollbacks;
  leases: LeaseBook;
  preparedKeys: PreparedKeys;
  policies: Policies;
  kindPolicies: KindPolicies;
  rotateWhenApplied: RotateWhenApplied;
  rotationPlans: RotationPlans;
  rotator: Rotator;
  steps: TakeStep;
}

export class Heart {
  readonly signers: FakeSigners;
  private readonly pools: DataSource[] = [];

  private constructor(
    private readonly test: MigratedDatabase,
    private readonly url: string,
    readonly owner: DataSource,
    /** As the service reads it. */
    readonly asRotation: DataSource,
  ) {
    this.signers = new FakeSigners(owner, asRotation);
    this.pools.push(asRotation);
  }

  /** The platform's ring and a Domain's, each with one key and one Node; every signer has a lease of both. */
  static async start(test: MigratedDatabase): Promise<Heart> {
    const url = withTurnedClock(test.url);
    const owner = await new DataSource({ type: 'postgres', url, extra: { max: 5 } }).initialize();
    await owner.query('CREATE SCHEMA turned; GRANT USAGE ON SCHEMA turned TO PUBLIC');
    const rotationUrl = withTurnedClock(await test.urlAs('rotation'));
    const asRotation = await new DataSource(storeOptions(rotationUrl, 'signers')).initialize();
    const heart = new Heart(test, rotationUrl, owner, asRotation);
    // What is planned once goes by the functions that it found then.
    await heart.turnFunctions(0);
    await owner.query(
      `INSERT INTO ring.installation (recovery_public_key, bus_account_public_key, bus_account_jwt) VALUES ($1, 'A', 'j')`,
      [publicText(RECOVERY.privateKey)],
    );
    for (const [scope, keyId] of [
      [PLATFORM, 'p1'],
      [DOMAIN, 'k1'],
    ] as const) {
      const key = heart.signers.statements.key(scope, keyId);
      const made = { algorithm: MESH_ALGORITHM, publicKey: publicText(key.privateKey) };
      await insertRing(owner, createRing(scope, keyId), made, await heart.firstStatement(scope, key));
      await heart.addNode(scope, `node of ${keyId}`);
    }
    for (const holder of HOLDERS) {
      await owner.query(
        `INSERT INTO ring.lease (holder, kind, turn, lease_ms, epochs, renewed_at, secret_hash)
         VALUES ($1, 'signer', 1, $2, $3, clock_timestamp(), sha256(''))`,
        [holder, CONFIG.leaseMs, { [PLATFORM]: 1, [DOMAIN]: 1 }],
      );
    }
    return heart;
  }

  private async firstStatement(scope: Scope, key: SigningKey): Promise<MadeStatement> {
    const { statements } = this.signers;
    const ofPlatform = scope === PLATFORM;
    const next = statements.makeAhead();
    const text = await signStatement(
      {
        ...{ type: 'create', scope, epoch: 1, authority_epoch: ofPlatform ? null : 1 },
        ...{ old_key_id: null, old_public_key: null, new_key_id: key.keyId },
        ...{ new_public_key: publicText(key.privateKey), opened_at: new Date().toISOString() },
        ...{ closes_at: null, transition_expires: null, next, previous: null },
      },
      ofPlatform ? RECOVERY : statements.key(PLATFORM, 'p1'),
      key,
    );
    return { text, hash: statementHash(text), next, bySuperior: true, authorityEpoch: ofPlatform ? null : 1 };
  }

  /** As whoever holds the recovery key makes it of what rotation has prepared. */
  async vouched({ statement, possession }: PrepareSuperiorReply, by: SigningKey = RECOVERY): Promise<string> {
    return joinStatement(statement, await statementSignature(statement, by, 'authority'), possession);
  }

  /** One that was told and has applied what its ring began with. */
  async addNode(scope: Scope, name: string): Promise<void> {
    const id = randomUUID();
    await this.owner.query(`INSERT INTO ring.node (id, scope, name, bus_public_key) VALUES ($1, $2, $3, $3)`, [
      id,
      scope,
      name,
    ]);
    await this.owner.query(
      `INSERT INTO outbox.node_stream (node_id, scope, told_epoch, told_platform_epoch, settled_epoch,
                                       settled_platform_epoch, first_seen_at, last_seen_at)
       VALUES ($1, $2, 1, 1, 1, 1, clock_timestamp(), clock_timestamp())`,
      [id, scope],
    );
  }

  /** From now on the database's clock is ahead by so much, for everybody here; signers that hold leases have renewed them. */
  async turnClock(aheadMs: number): Promise<void> {
    await this.turnFunctions(aheadMs);
    await this.owner.query('UPDATE ring.lease SET renewed_at = clock_timestamp()');
  }

  private async turnFunctions(aheadMs: number): Promise<void> {
    for (const [name, kind] of [
      ['clock_timestamp', 'VOLATILE'],
      ['statement_timestamp', 'STABLE'],
    ]) {
      await this.owner.query(
        `CREATE OR REPLACE FUNCTION turned.${name}() RETURNS timestamptz LANGUAGE sql ${kind}
           RETURN pg_catalog.${name}() + interval '${aheadMs} ms'`,
      );
    }
  }

  /** `dies`: after its commits, before anything that follows them. */
  async replica({ dies = false } = {}): Promise<Replica> {
    const database = await new DataSource(storeOptions(this.url, 'replica')).initialize();
    const waiting = await new DataSource(waitingOptions(this.url)).initialize();
    this.pools.push(database, waiting);
    const later = new LaterStatements(database, logger);
    const leases = new LeaseBook(database, later, CONFIG, logger);
    const signers = new Signers(this.signers.bus, leases, later);
    const switching = new EpochSwitch(this.signers.bus, leases, CONFIG, logger);
    const preparedKeys = new PreparedKeys(database, signers, logger);
    const preparation = new Preparation(leases, signers, preparedKeys, logger);
    const tokenEnds = new TokenEnds(database, signers, CONFIG, logger);
    const afterCommit = dies ? DEAD : new AfterCommit(database, signers, switching, tokenEnds, logger);
    const transactions = new CommandTransactions(database, waiting, logger);
    const decisions = new ChangeDecisions(CONFIG);
    const given = new GivenStatements(database, preparation, preparedKeys);
    const rings = new ChangeRing(database, preparation, preparedKeys, given, afterCommit, transactions, CONFIG, logger);
    const settling = new SettleRollbacks(database, afterCommit, transactions, decisions, logger);
    const work = new WorkLeft(database);
    const removedRings = new RemovedRings(database, work, switching, signers, logger);
    const policyChange = new PolicyChange(CONFIG, logger);
    const kindPolicies = new KindPolicies(database, transactions, policyChange, CONFIG, logger);
    const stageKey = new StageKey(database, rings, decisions, afterCommit, transactions);
    const openRotation = new OpenRotation(rings, stageKey, decisions, afterCommit);
    const closeRotation = new CloseRotation(database, afterCommit, transactions, decisions, CONFIG, logger);
    const createRing = new CreateRing(database, preparation, switching, signers, transactions, CONFIG, logger);
    const activating = new ActivateChannelKey(rings, decisions);
    const steps = new TakeStep(
      stageKey,
      openRotation,
      closeRotation,
      activating,
      decisions,
      transactions,
      CONFIG,
      logger,
    );
    const rotator = new Rotator(database, steps, kindPolicies, CONFIG, logger);
    const joining = new Joining(database, signers);
    const revocations = { push: async () => true } as Revocations;
    return {
      rotateWhenApplied: new RotateWhenApplied(database, transactions, CONFIG, logger),
      rotationPlans: new RotationPlans(database, decisions, CONFIG),
      rotator,
      steps,
      policies: new Policies(database, transactions, policyChange, kindPolicies, CONFIG),
      kindPolicies,
      openRotation,
      closeRotation,
      rollbackRotation: new RollbackRotation(rings, decisions),
      stageKey,
      revokeKey: new RevokeKey(rings, decisions, afterCommit, transactions),
      recommitRing: new RecommitRing(rings, decisions),
      prepareSuperior: new PrepareSuperiorStatement(database, decisions, signers, preparedKeys),
      rotateRecovery: new RotateRecovery(database, rings, decisions),
      createRing,
      createChannel: new CreateChannel(database, preparation, switching, signers, transactions, CONFIG, logger),
      addMember: new AddMember(database, joining, signers, afterCommit, transactions, logger),
      removeMember: new RemoveMember(database, afterCommit, transactions, revocations, logger),
      removeNode: new RemoveNode(database, transactions, revocations, afterCommit, logger),
      takeReport: new TakeReport(database, new JudgeProofs(signers), rotator, logger),
      createIssuer: new CreateIssuer(createRing),
      importKey: new ImportKey(database, rings, decisions, CONFIG),
      removeDomain: new RemoveDomain(dies ? DEAD_AFTER_REMOVAL : removedRings, transactions, logger),
      planRemoval: new PlanRemoval(database, leases),
      removedRings,
      settling,
      leases,
      work,
      resume: new ResumeLoop(database, work, afterCommit, leases, preparedKeys, settling, logger, new Health()),
      preparedKeys,
    };
  }

  /** What the Domain's statements say, oldest first. */
  async statements(scope: Scope = DOMAIN): Promise<(Statement & { hash: string; comesIn: string })[]> {
    const rows = await this.owner.query<{ statement: string }[]>(
      'SELECT statement FROM ring.ring_change WHERE scope = $1 AND statement IS NOT NULL ORDER BY epoch',
      [scope],
    );
    return rows.map(({ statement: text }) => {
      const statement = readStatement(text);
      return { ...statement, hash: statementHash(text), comesIn: keyHash(statement.new_public_key) };
    });
  }

  /** Every row of the heart, so that a refusal can be shown to have changed none. */
  async rows(): Promise<Record<string, number>> {
    const tables = ['ring.key_ring', 'ring.signing_key', 'ring.transition', 'ring.ring_change', 'ring.audit'];
    const counts = [
      ...tables,
      'outbox.event',
      'outbox.message',
      'outbox.key_message',
      'outbox.key_mark',
      'ring.request',
    ].map((table) => `(SELECT coalesce(sum(hashtext(t::text)::bigint), 0)::text FROM ${table} t) AS "${table}"`);
    const [row] = await this.owner.query<[Record<string, number>]>(`SELECT ${counts.join(', ')}`);
    return row;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.pools, this.owner].map((pool) => pool.destroy()));
    await this.test.drop();
  }
}

/** Connections that look for functions in `turned` first. */
function withTurnedClock(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set('options', '-c search_path=turned,pg_catalog,public');
  return url.href;
}

const DEAD = {
  finish: () => new Promise(() => undefined),
  finishPending: async () => undefined,
} as unknown as AfterCommit;

const DEAD_AFTER_REMOVAL = { finish: () => new Promise(() => undefined) } as unknown as RemovedRings;
