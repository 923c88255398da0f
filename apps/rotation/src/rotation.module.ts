import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { storeOptions } from '@plexsphere/store';
import { AccountPusher } from './bus-account/account-pusher';
import { BusConnections } from './bus-account/bus-connections';
import type { BusAccountWork } from './bus-account/start-account-pusher';
import { AccountSigning } from './bus-account/account-signing';
import { Revocations } from './bus-account/revocations';
import { AuditController } from './audit/audit.controller';
import { AuditReader } from './audit/audit-reader';
import { ChangePlans } from './rings/change-plans';
import { ChangeRing } from './rings/change-ring';
import { CreateRing } from './rings/create-ring';
import { GivenStatements } from './rings/given-statement';
import { KeyController } from './rings/key.controller';
import { PrepareSuperiorStatement } from './rings/prepare-superior';
import { RecommitRing } from './rings/recommit-ring';
import { RevokeKey } from './rings/revoke-key';
import { ChangeDecisions } from './rings/change-decisions';
import { RotateRecovery } from './rings/rotate-recovery';
import { StageKey } from './rings/stage-key';
import { DomainController } from './domains/domain.controller';
import { PlanRemoval } from './domains/plan-removal';
import { RemoveDomain } from './domains/remove-domain';
import { RemovedRings } from './domains/removed-rings';
import { EventsController } from './events/events.controller';
import { EventReader } from './events/event-reader';
import { PublishEvent } from './events/publish-event';
import { LaterStatements } from './leases/later-statements';
import { LeaseBook } from './leases/lease-book';
import { LEASE_DATABASE, WAITING_DATABASE, waitingOptions } from './transactions/pools';
import { LeaseController } from './leases/lease.controller';
import { Signers } from './leases/signers';
import { EnrolTokens } from './enrolment/enrol-token';
import { EnrolmentController } from './enrolment/enrolment.controller';
import { RegisterNode } from './enrolment/register-node';
import { AddNode } from './nodes/add-node';
import { Joining } from './nodes/joining';
import { NodeController } from './nodes/node.controller';
import { RemoveNode } from './nodes/remove-node';
import { OperatorGuard } from './operators/operator.guard';
import { CreateToken } from './tokens/create-token';
import { RevokeToken } from './tokens/revoke-token';
import { TokenController } from './tokens/token.controller';
import { RefusalLog } from './refusals/refusal-log';
import type { RotationConfig } from './rotation-config';
import { CloseRotation } from './rotations/close-rotation';
import { OpenRotation } from './rotations/open-rotation';
import { Preparation } from './rotations/preparation';
import { PreparedKeys } from './rotations/prepared-keys';
import { ResumeLoop } from './rotations/resume-loop';
import { RollbackRotation } from './rotations/rollback-rotation';
import { SettleRollbacks } from './rotations/settle-rollbacks';
import { EpochSwitch } from './rotations/epoch-switch';
import { AfterCommit } from './rotations/after-commit';
import { RotationController } from './rotations/rotation.controller';
import { StatusController } from './status/status.controller';
import { RingController } from './rings/ring.controller';
import { KindPolicies } from './policies/kind-policies';
import { Policies } from './policies/policies';
import { PolicyChange } from './policies/policy-change';
import { PolicyController } from './policies/policy.controller';
import { PromotionController } from './rotator/promotion.controller';
import { RotateWhenApplied } from './rotator/rotate-when-applied';
import { Rotator } from './rotator/rotator';
import { TakeStep } from './rotator/take-step';
import { RotationPlans } from './rotations/rotation-plans';
import { SignatureController } from './signatures/signature.controller';
import { AskForKeys } from './wireguard-keys/ask-for-keys';
import { PostKey } from './wireguard-keys/post-key';
import { WireguardKeyController } from './wireguard-keys/wireguard-key.controller';
import { CommandTransactions } from './transactions/command-transactions';

/** A database that is down at boot: readiness says so meanwhile. */
const WAITED_FOR = { retryAttempts: Number.MAX_SAFE_INTEGER, retryDelay: 500 };

@Module({})
export class RotationModule {
  static with(config: RotationConfig, { pusher, connections }: BusAccountWork): DynamicModule {
    return {
      module: RotationModule,
      imports: [
        TypeOrmModule.forRoot({ ...storeOptions(config.databaseUrl, 'rotation'), ...WAITED_FOR }),
        TypeOrmModule.forRoot({
          ...storeOptions(config.databaseUrl, 'rotation-leases'),
          ...WAITED_FOR,
          name: LEASE_DATABASE,
        }),
        TypeOrmModule.forRoot({ ...waitingOptions(config.databaseUrl), ...WAITED_FOR, name: WAITING_DATABASE }),
      ],
      controllers: [
        TokenController,
        SignatureController,
        DomainController,
        NodeController,
        EnrolmentController,
        WireguardKeyController,
        EventsController,
        LeaseController,
        RotationController,
        RingController,
        PolicyController,
        PromotionController,
        KeyController,
        StatusController,
        AuditController,
      ],
      providers: [
        { provide: AccountPusher, useValue: pusher },
        { provide: BusConnections, useValue: connections },
        AccountSigning,
        Revocations,
        OperatorGuard,
        CreateToken,
        RevokeToken,
        LaterStatements,
        LeaseBook,
        Signers,
        PreparedKeys,
        Preparation,
        EpochSwitch,
        CommandTransactions,
        AfterCommit,
        ChangeDecisions,
        GivenStatements,
        ChangeRing,
        OpenRotation,
        CloseRotation,
        RollbackRotation,
        SettleRollbacks,
        StageKey,
        RevokeKey,
        RecommitRing,
        RotateRecovery,
        PrepareSuperiorStatement,
        ChangePlans,
        ResumeLoop,
        CreateRing,
        RemovedRings,
        RemoveDomain,
        PlanRemoval,
        Joining,
        AddNode,
        EnrolTokens,
        RegisterNode,
        AskForKeys,
        PostKey,
        RemoveNode,
        PublishEvent,
        EventReader,
        AuditReader,
        RotationPlans,
        PolicyChange,
        KindPolicies,
        Policies,
        RotateWhenApplied,
        TakeStep,
        Rotator,
        RefusalLog,
      ],
    };
  }
}
