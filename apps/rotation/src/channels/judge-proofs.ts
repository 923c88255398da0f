import { Injectable } from '@nestjs/common';
import { takesProof } from '@plexsphere/keyring';
import { PROBLEMS, isSameMac, problem, type ProblemName } from '@plexsphere/wire';
import type { CheckProofs, CheckProofsReply, ProofFields, ReportedRing } from '@plexsphere/wire/commands';
import { Signers } from '../leases/signers';
import type { ProvenKey, RingBefore } from './read-reporter';

/** What a member said of the keys of one ring, by key id. */
export interface Judged {
  proven: Map<string, ProvenKey>;
  refused: Map<string, ProblemName>;
}

type Verdict = CheckProofsReply['results'][number];

const REFUSED: Readonly<Record<Exclude<Verdict, 'right'>, ProblemName>> = {
  wrong: 'wrongProof',
  // Not the member's fault: it says so again.
  unknown_key: 'keyUnavailable',
};

/** Signers alone can tell a right proof from a wrong one: rotation holds no secret. The same proof again is the same fact. */
@Injectable()
export class JudgeProofs {
  constructor(private readonly signers: Signers) {}

  /** @throws Problem epochMismatch for an epoch that the ring has not reached; UNAVAILABLE where no signer answers */
  async judge(nodeId: string, said: ReportedRing, before: RingBefore): Promise<Judged> {
    const { scope, epoch } = said;
    if (epoch > before.epoch) throw problem('epochMismatch', { scope, epoch: before.epoch });
    const judged: Judged = { proven: new Map(), refused: new Map() };
    const unknown: ProofFields[] = [];
    for (const [keyId, proof] of new Map(said.keys.map((key) => [key.key_id, key.proof]))) {
      const key = before.keys.get(keyId);
      if (key === undefined) judged.refused.set(keyId, 'unknownKey');
      else if (!takesProof({ keyId, ...key }, epoch, before.epoch)) judged.refused.set(keyId, 'wrongProof');
      else if (isKnown(before.proven.get(keyId), epoch, proof)) judged.proven.set(keyId, { epoch, proof });
      else unknown.push({ node_id: nodeId, key_id: keyId, epoch, proof });
    }
    const verdicts = await this.verdicts(scope, unknown);
    for (const [{ key_id: keyId, proof }, verdict] of verdicts) {
      if (verdict === 'right') judged.proven.set(keyId, { epoch, proof });
      else judged.refused.set(keyId, REFUSED[verdict]);
    }
    return judged;
  }

  /** One signer may not have heard of a key that another holds already: it is asked for once more. */
  private async verdicts(scope: string, proofs: ProofFields[]): Promise<Map<ProofFields, Verdict>> {
    const verdicts = await this.ask(scope, proofs);
    const unknown = proofs.filter((proof) => verdicts.get(proof) === 'unknown_key');
    return new Map([...verdicts, ...(await this.ask(scope, unknown))]);
  }

  private async ask(scope: string, proofs: ProofFields[]): Promise<Map<ProofFields, Verdict>> {
    if (proofs.length === 0) return new Map();
    const request: Omit<CheckProofs, 'duration_ms'> = { scope, proofs };
    const isAnswer = ({ results }: Partial<CheckProofsReply>): boolean =>
      Array.isArray(results) && results.length === proofs.length;
    const { results } = await this.signers.ask<CheckProofsReply>(scope, 'check-proofs', request, isAnswer);
    return new Map(proofs.map((proof, i) => [proof, results[i] ?? 'wrong']));
  }
}

const isKnown = (before: ProvenKey | undefined, epoch: number, proof: string): boolean =>
  before !== undefined && before.epoch === epoch && isSameMac(before.proof, proof);

export const refusedKeys = ({ refused }: Judged): { key_id: string; detail: string }[] =>
  [...refused].map(([keyId, name]) => ({ key_id: keyId, detail: PROBLEMS[name].detail }));
