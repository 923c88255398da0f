/** For specs: a ring with all that it went through, as a database would remember it. */
import type { RingHistory } from '../src/key-news';
import { activeKey, createRing, type KeyRing } from '../src/key-ring';
import type { KeyState } from '../src/key-state';
import type { ChangeType, RingChange } from '../src/ring-change';
import type { Transition } from '../src/transition';

export interface StoredStatement {
  epoch: number;
  type: ChangeType;
  bySuperior: boolean;
  /** Of the platform's ring, where a key of that vouches. */
  authorityEpoch: number | null;
}

export class RingStory {
  readonly changes: RingChange[] = [];
  readonly statements: StoredStatement[];
  private readonly rings: KeyRing[];
  transition: Transition | null = null;

  /** `authority`: the platform's, of a ring for which that vouches. */
  constructor(
    scope: string,
    private readonly authority: RingStory | null = null,
  ) {
    this.rings = [createRing(scope, 'k0')];
    this.statements = [{ epoch: 1, type: 'create', bySuperior: true, authorityEpoch: this.authorityEpoch }];
  }

  get ring(): KeyRing {
    return this.rings.at(-1)!;
  }

  get epochs(): number[] {
    return this.rings.map(({ epoch }) => epoch);
  }

  take(change: RingChange): void {
    this.changes.push(change);
    this.rings.push(change.ring);
    this.transition = change.transition;
    const { statement, change: type, ring } = change;
    if (statement === null) return;
    const { bySuperior } = statement;
    const authorityEpoch = bySuperior ? this.authorityEpoch : null;
    this.statements.push({ epoch: ring.epoch, type, bySuperior, authorityEpoch });
  }

  stateAt(epoch: number, keyId: string): KeyState | undefined {
    return this.rings[epoch - 1]?.keys.find((key) => key.keyId === keyId)?.state;
  }

  get history(): RingHistory {
    const { statements, rings } = this;
    const lastAt = (epoch: number, which = (_: StoredStatement) => true) =>
      statements.filter((each) => each.epoch <= epoch && which(each)).at(-1)?.epoch ?? 0;
    const after = (epoch: number) => statements.filter((each) => each.epoch > epoch);
    const superior = statements.filter(
      ({ type, bySuperior }) => bySuperior && (type === 'revoke' || type === 'rollback'),
    );
    return {
      ...this.ring,
      superiorEpoch: superior.at(-1)?.epoch ?? null,
      activeAt: (epoch) => (rings[epoch - 1] === undefined ? undefined : activeKey(rings[epoch - 1]!).keyId),
      statementsAfter: (epoch) => after(epoch).length,
      headAt: (epoch) => lastAt(epoch),
      activeNamedAt: (epoch) => lastAt(epoch, ({ type }) => type !== 'recovery'),
      authorityAfter: (epoch) => {
        const named = after(epoch).flatMap(({ authorityEpoch }) => authorityEpoch ?? []);
        return named.length === 0 ? null : Math.min(...named);
      },
    };
  }

  private get authorityEpoch(): number | null {
    return this.authority?.ring.epoch ?? null;
  }
}
