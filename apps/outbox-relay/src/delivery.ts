/** One claim from its signature to its mark. */
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { Problem } from '@plexsphere/wire';
import { Claims, type Claim } from './claim/claims';
import { Complaints } from './complaints';
import { Counters } from './counters';
import { LetterWriter, type Letter } from './write/message-writer';
import { Outcomes } from './publish/claim-results';
import { Publisher } from './publish/publisher';
import type { Saying } from './claim/next-message';

/** The ring has moved, or the signers are about to: a switch takes milliseconds. */
const MOVED_DEFER_MS = 50;
/** No signer holds the lease, or none answers: more asking would not help it. */
const NO_SIGNER_DEFER_MS = 500;
/** The bus would not take it this time, and will not the next. */
const TOO_LARGE_DEFER_MS = 30_000;

@Injectable()
export class Delivery {
  private readonly complaints: Complaints;

  constructor(
    private readonly letters: LetterWriter,
    private readonly publisher: Publisher,
    private readonly outcomes: Outcomes,
    private readonly counters: Counters,
    private readonly claims: Claims,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.complaints = new Complaints(logger);
  }

  /** `stream` as it was before the claim. Returns whether there may be more to say to the Node at once. */
  async deliver(claim: Claim, stream: string): Promise<boolean> {
    const letter = await this.write(claim);
    if (letter === undefined) return false;
    const { node, deadline } = claim;
    const { lastSequence } = node;
    const outcome = await this.publisher.publish(letter, { stream, lastSequence, deadline });
    this.counters.add(outcome.kind === 'stored' ? claim.saying.kind : outcome.kind);
    switch (outcome.kind) {
      case 'stored':
        await this.outcomes.published({ ...node, ...marksOf(letter), sequence: outcome.sequence });
        return true;
      case 'other_sequence':
        return this.outcomes.otherSequence(node, outcome.sequence);
      case 'too_large':
        await this.tooLarge(claim, letter);
        return false;
      case 'unknown':
        return false;
    }
  }

  /** Undefined where nobody signed: the Node is given back unsaid to, and what waits for it stays unsent. */
  private async write({ node, saying }: Claim): Promise<Letter | undefined> {
    try {
      return await this.letters.write(node, saying);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const moved = error.code === 'ABORTED';
      this.counters.add(moved ? 'moved' : 'unsigned');
      if (!moved) this.complaints.warn('not signed', error.detail, { scope: node.scope, saying: saying.kind });
      const deferMs = this.closeCanWait(saying) ? 0 : moved ? MOVED_DEFER_MS : NO_SIGNER_DEFER_MS;
      await this.outcomes.released({ ...node, deferMs });
      return undefined;
    }
  }

  /** Nothing waits for the news of a close, a Node that there is nobody to sign it for least of all. */
  private closeCanWait(saying: Saying): boolean {
    if (saying.kind !== 'chain' || saying.gates) return false;
    this.claims.restCloseNews();
    return true;
  }

  private tooLarge({ node, saying }: Claim, letter: Letter): Promise<void> {
    const fields = { node: node.nodeId, scope: node.scope, saying: saying.kind, characters: letter.body.length };
    this.complaints.warn('more than the bus carries', 'max_payload', fields);
    return this.outcomes.released({ ...node, deferMs: TOO_LARGE_DEFER_MS });
  }
}

const marksOf = ({ told, ordinaryId, answeredHelloId, chain }: Letter) => ({
  told,
  ...(chain !== undefined && { chain }),
  ...(ordinaryId !== undefined && { ordinaryId }),
  ...(answeredHelloId !== undefined && { answeredHelloId }),
});
