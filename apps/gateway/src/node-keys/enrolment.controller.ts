import { createHash } from 'node:crypto';
import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiOkResponse } from '@nestjs/swagger';
import { enrolledNodeId, problem, subjects } from '@plexsphere/wire';
import type { EnrollNode, EnrollNodeReply, EnrolledNode } from '@plexsphere/wire/commands';
import type { FastifyRequest } from 'fastify';
import { OnBehalf } from '../nodes/on-behalf';
import { isEnrolmentToken } from '../registration/newcomer';
import { KeyFailures } from './key-failures';
import { Enrolled, Enrolment } from './node-key-bodies';
import { ReachedMesh } from './reached-mesh';
import { proofShown } from './shown-proof';

/** Lets a Node in that has an enrolment token and a Node key. The key never leaves it; rotation gets the token's hash. */
@Controller('v1/edge/enroll')
export class EnrolmentController {
  constructor(
    private readonly rotation: OnBehalf,
    private readonly failures: KeyFailures,
    private readonly mesh: ReachedMesh,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiBody({ type: Enrolment })
  @ApiOkResponse({ type: Enrolled })
  enroll(@Body() body: unknown, @Req() come: FastifyRequest): Promise<EnrolledNode> {
    return this.failures.counted(come, async () => {
      const { proof, token } = (body ?? {}) as Record<string, unknown>;
      const { publicKey, claims } = proofShown(['enroll'], proof);
      if (typeof token !== 'string') throw problem('invariantViolation', { field: 'token' });
      if (!isEnrolmentToken(token)) throw problem('notAuthenticated');
      const tokenHash = createHash('sha256').update(token).digest('hex');
      if (claims.aud !== tokenHash) throw problem('wrongAudience');
      const request: EnrollNode = { proof: String(proof), token_hash: tokenHash };
      // Before somebody is let in: whoever could not be told where the mesh is would have used up the token.
      const mesh = await this.mesh.read();
      const subject = subjects.httpNodeKey(enrolledNodeId(tokenHash, publicKey), 'enroll');
      return { ...(await this.rotation.say<EnrollNodeReply>(subject, request)), ...mesh };
    });
  }
}
