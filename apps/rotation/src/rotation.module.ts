import { Module, type DynamicModule } from '@nestjs/common';
import { AccountPusher } from './bus-account/account-pusher';
import { BusConnections } from './bus-account/bus-connections';
import type { BusAccountWork } from './bus-account/start-account-pusher';
import { AccountSigning } from './bus-account/account-signing';
import { Revocations } from './bus-account/revocations';
import { AuditController } from './audit/audit.controller';
import { AuditReader } from './audit/audit-reader';
import { ActivateChannelKey } from './channels/activate-channel-key';
import { AddMember } from './channels/add-member';
import { ChannelController } from './channels/channel.controller';
import { CreateChannel } from './channels/create-channel';
import { JudgeProofs } from './channels/judge-proofs';
import { RemoveMember } from './channels/remove-member';
import { ReportController } from './channels/report.controller';
import { TakeReport } from './channels/take-report';
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
import { CreateIssuer } from './issuers/create-issuer';
import { ImportKey } from './issuers/import-key';
import { IssuerController } from './issuers/issuer.controller';
import { DomainController } from './domains/domain.controller';
import { PlanRemoval } from './domains/plan-removal';
import { RemoveDomain } from './domains/remove-domain';
import { RemovedRings } from './domains/removed-rings';
import { EventsController } from './events/events.controller';
import { EventReader } from './events/event-reader';
import { PublishEvent } from './events/publish-event';
import { LaterStatements } from './leases/later-statements';
import { LeaseBook } from './leases/lease-book';
import { LeaseController } from './leases/lease.controller';
import { Signers } from './leases/signers';
import { BeginFleet } from './fleets/begin-fleet';
import { EndFleet } from './fleets/end-fleet';
import { FleetController } from './fleets/fleet.controller';
import { FleetLoop } from './fleets/fleet-loop';
import { TakeFleetStep } from './fleets/take-fleet-step';
import { ClientController } from './clients/client.controller';
import { Clients } from './clients/clients';
import { EnrolTokens } from './enrolment/enrol-token';
import { EnrolmentController } from './enrolment/enrolment.controller';
import { RegisterNode } from './enrolment/register-node';
import { AddNode } from './nodes/add-node';
import { AddNodes } from './nodes/add-nodes';
import { Joining } from './nodes/joining';
import { NodeController } from './nodes/node.controller';
import { RemoveNode } from './nodes/remove-node';
import { TagNode } from './nodes/tag-node';
import { Admission } from './node-keys/admission';
import { AskKey } from './node-keys/ask-key';
import { ChangeKey } from './node-keys/change-key';
import { ConfirmKey } from './node-keys/confirm-key';
import { EnrollNode } from './node-keys/enroll-node';
import { LogOut } from './node-keys/log-out';
import { NodeKeyController } from './node-keys/node-key.controller';
import { NodeTokens } from './node-keys/node-tokens';
import { RenewToken } from './node-keys/renew-token';
import { RetireKeys } from './node-keys/retire-keys';
import { OperatorGuard } from './operators/operator.guard';
import { CreateToken } from './tokens/create-token';
import { RevokeToken } from './tokens/revoke-token';
import { TokenController } from './tokens/token.controller';
import { RefusalLog } from './refusals/refusal-log';
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
import { TokenEnds } from './rotations/token-ends';
import { SignatureController } from './signatures/signature.controller';
import { AskForKeys } from './wireguard-keys/ask-for-keys';
import { PostKey } from './wireguard-keys/post-key';
import { WireguardKeyController } from './wireguard-keys/wireguard-key.controller';
import { WorkLeft } from './work/work-left';
import { CommandTransactions } from './transactions/command-transactions';
import { poolProviders, type Pools } from './transactions/pools';

@Module({})
export class RotationModule {
  static with({ pusher, connections }: BusAccountWork, pools: Pools): DynamicModule {
    return {
      module: RotationModule,
      controllers: [
        TokenController,
        SignatureController,
        DomainController,
        IssuerController,
        ChannelController,
        ReportController,
        NodeController,
        FleetController,
        NodeKeyController,
        EnrolmentController,
        ClientController,
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
        ...poolProviders(pools),
        { provide: AccountPusher, useValue: pusher },
        { provide: BusConnections, useValue: connections },
        WorkLeft,
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
        TokenEnds,
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
        CreateIssuer,
        ImportKey,
        CreateChannel,
        AddMember,
        RemoveMember,
        ActivateChannelKey,
        JudgeProofs,
        TakeReport,
        RemovedRings,
        RemoveDomain,
        PlanRemoval,
        Joining,
        AddNode,
        AddNodes,
        EnrolTokens,
        Clients,
        RegisterNode,
        AskForKeys,
        PostKey,
        RemoveNode,
        TagNode,
        BeginFleet,
        EndFleet,
        TakeFleetStep,
        FleetLoop,
        NodeTokens,
        Admission,
        EnrollNode,
        AskKey,
        ChangeKey,
        ConfirmKey,
        RenewToken,
        LogOut,
        RetireKeys,
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
