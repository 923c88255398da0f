import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { BusContext, validated } from '@plexsphere/service-kit';
import { subjects } from '@plexsphere/wire';
import {
  EnrollNode as EnrollRequest,
  NodeProof,
  type ConfirmNodeKeyReply,
  type EnrollNodeReply,
  type LogoutReply,
  type NodeKeyReply,
  type NodeKeyView,
  type RevokeNode as RevokeRequest,
  type RevokeNodeReply,
} from '@plexsphere/wire/commands';
import type { ReadProof } from '@plexsphere/wire/jws';
import { nodeOf } from '../enrolment/by-gateway';
import { RemoveNode } from '../nodes/remove-node';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { AskKey } from './ask-key';
import { ChangeKey } from './change-key';
import { ConfirmKey } from './confirm-key';
import { EnrollNode } from './enroll-node';
import { proofOf } from './judge-proof';
import { LogOut } from './log-out';
import { RenewToken } from './renew-token';

/**
 * What Nodes ask about their keys. A gateway carries it and nothing more: who speaks their proof says, and the subject only
 * for which Node it is meant to be.
 */
@Controller()
export class NodeKeyController {
  constructor(
    private readonly enrolling: EnrollNode,
    private readonly asking: AskKey,
    private readonly changing: ChangeKey,
    private readonly confirming: ConfirmKey,
    private readonly renewing: RenewToken,
    private readonly leaving: LogOut,
    private readonly removeNode: RemoveNode,
  ) {}

  @MessagePattern(subjects.httpNodeKey('*', 'enroll'))
  async enroll(
    @Payload(validated(EnrollRequest)) request: EnrollRequest,
    @Ctx() context: BusContext,
  ): Promise<EnrollNodeReply> {
    return this.enrolling.enroll(nodeOf(context), request);
  }

  @MessagePattern(subjects.httpNodeKey('*', 'key'))
  async key(
    @Payload(validated(NodeProof)) { proof: text }: NodeProof,
    @Ctx() context: BusContext,
  ): Promise<NodeKeyView | NodeKeyReply> {
    const proof = proofOf(['ask', 'key-change'], text);
    return isChange(proof)
      ? this.changing.change(nodeOf(context), proof)
      : this.asking.ask(nodeOf(context), proof as ReadProof<'ask'>);
  }

  @MessagePattern(subjects.httpNodeKey('*', 'confirm'))
  async confirm(
    @Payload(validated(NodeProof)) { proof }: NodeProof,
    @Ctx() context: BusContext,
  ): Promise<ConfirmNodeKeyReply> {
    return this.confirming.confirm(nodeOf(context), proofOf(['key-confirm'], proof));
  }

  @MessagePattern(subjects.httpNodeKey('*', 'token'))
  async token(@Payload(validated(NodeProof)) { proof }: NodeProof, @Ctx() context: BusContext): Promise<NodeKeyReply> {
    return this.renewing.renew(nodeOf(context), proofOf(['token'], proof));
  }

  @MessagePattern(subjects.httpNodeKey('*', 'logout'))
  async logout(@Payload(validated(NodeProof)) { proof }: NodeProof, @Ctx() context: BusContext): Promise<LogoutReply> {
    return this.leaving.leave(nodeOf(context), proofOf(['logout'], proof));
  }

  /** Whoever it is by now, and whether it has a Node key or not: it is put out, and told so. @throws Problem unknownNode */
  @Handles('edge.revoke')
  async revoke({ node_id: id, scope, name, reason }: RevokeRequest, { identity }: Asked): Promise<RevokeNodeReply> {
    const { removed_at, ...reply } = await this.removeNode.remove({ id, scope, name }, identity, undefined, {
      ...{ state: 'revoked', revokedReason: reason },
    });
    return { ...reply, revoked_at: removed_at };
  }
}

const isChange = (proof: ReadProof<'ask' | 'key-change'>): proof is ReadProof<'key-change'> =>
  proof.kind === 'key-change';
