import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Problem, isUuid, problem, subjects, type NodeKeyVerb } from '@plexsphere/wire';
import type { NodeProof } from '@plexsphere/wire/commands';
import type { ProofKind } from '@plexsphere/wire/jws';
import { KnownBearers } from '../door/known-bearers';
import { OnBehalf } from '../nodes/on-behalf';
import { Strangers } from '../views/strangers';
import { KeyFailures, type Come } from './key-failures';
import { proofShown } from './shown-proof';

interface Call {
  nodeId: string;
  verb: Exclude<NodeKeyVerb, 'enroll'>;
  kind: Exclude<ProofKind, 'enroll'>;
  /** As it came. */
  proof: unknown;
  come: Come;
}

/** Carries to rotation what a Node says of its own key, and its answer back. The gateway has no word in it: it has no key. */
@Injectable()
export class NodeKeyCalls {
  constructor(
    private readonly rotation: OnBehalf,
    private readonly known: KnownBearers,
    private readonly strangers: Strangers,
    private readonly failures: KeyFailures,
  ) {}

  /** @throws Problem as rotation answers; as `proofShown`; tooOften, tooManyWaiting behind other strangers; busUnavailable, noAnswer */
  ask<Reply>({ nodeId, verb, kind, proof: shown, come }: Call): Promise<Reply> {
    return this.failures.counted(come, async () => {
      const { publicKey } = proofShown([kind], shown);
      if (!isUuid(nodeId)) throw problem('notAuthenticated');
      const fact: NodeProof = { proof: String(shown) };
      const say = () => this.rotation.say<Reply>(subjects.httpNodeKey(nodeId, verb), fact);
      return this.inLine(nodeId, createHash('sha256').update(publicKey).digest(), say);
    });
  }

  /** A Node that is known stands behind no crowd of keys that are nobody's. */
  private async inLine<Reply>(nodeId: string, keyHash: Buffer, say: () => Promise<Reply>): Promise<Reply> {
    const isKnown = this.known.has(nodeId, keyHash);
    try {
      const reply = await (isKnown ? say() : this.strangers.keys.run(say));
      this.known.note({ id: nodeId, bearerHash: keyHash });
      return reply;
    } catch (error) {
      if (isKnown && error instanceof Problem && OF_ANOTHER.has(error.code)) this.known.forget(nodeId);
      throw error;
    }
  }
}

/** A key that has been replaced, a Node that was taken out. */
const OF_ANOTHER: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'PERMISSION_DENIED']);
