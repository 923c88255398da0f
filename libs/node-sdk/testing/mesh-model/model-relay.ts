/** What a relay does for one Node, in memory: the domain says what comes next, the plane signs it. */
import {
  FORKED,
  chainPart,
  chainStart,
  isAhead,
  nextKeyNews,
  standingAt,
  toldBy,
  type ChainPlace,
  type Told,
} from '@plexsphere/keyring';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import { envelopeBy } from '@plexsphere/testkit';
import type { Message, Said } from './model-node';
import type { ModelRing, ModelStatement } from './model-ring';
import type { Plane, Whose } from './plane';

/** So that most chains are of several parts. */
const PART = 2;

export class ModelRelay {
  told: Told;
  /** Of a chain that is not finished. */
  private place: ChainPlace | null = null;
  private isAsked = false;
  private isWrong = false;
  private sequence = 0;

  constructor(
    private readonly plane: Plane,
    readonly scope: Scope,
  ) {
    this.told = { epoch: this.own.ring.epoch, platformEpoch: this.platform.ring.epoch };
  }

  /** Which rings the Node follows another chain of, without a way back. */
  get lost(): Whose[] {
    const isLost = (epoch: number, ring: ModelRing): boolean =>
      epoch === FORKED && ring.history().superiorEpoch === null;
    return [
      ...(isLost(this.scope === PLATFORM ? FORKED + 1 : this.told.platformEpoch, this.platform)
        ? (['platform'] as const)
        : []),
      ...(isLost(this.told.epoch, this.own) ? ([this.scope === PLATFORM ? 'platform' : 'domain'] as const) : []),
    ];
  }

  /** Which of them were ever shown to be on a fork since last asked about. */
  readonly forks = new Set<Whose>();

  hear({ isHello, epochs, heads }: Said): void {
    const own = this.standing(this.own, epochs.own, heads.own, this.scope === PLATFORM ? 'platform' : 'domain');
    const platform = this.standing(this.platform, epochs.platform, heads.platform, 'platform');
    const { told } = this;
    const isNewFork =
      (own === FORKED && told.epoch !== FORKED) || (platform === FORKED && told.platformEpoch !== FORKED);
    // Amid a chain an acknowledgement is of what was before it; a hello begins it anew, and so does a fork unheard of.
    if (this.place !== null && !isHello && !isNewFork) return;
    this.place = null;
    this.told = { epoch: own, platformEpoch: platform };
    this.isAsked ||= isHello;
    // Once for each hello: a number that a thief's bundle gave from the future stays for as long as that is ahead.
    if (isHello) this.isWrong = own !== epochs.own || platform !== epochs.platform;
  }

  /** Undefined where nothing is due, or nothing may be sent. */
  async next(): Promise<Message | undefined> {
    if (this.place !== null) return this.sendPart(this.place);
    const own = this.own.history();
    const platform = this.platform.history();
    const news = nextKeyNews(this.told, own, platform);
    if (news.kind === 'announce') {
      const text = this.plane.announcement(this.scope, news);
      this.told = { ...this.told, ...news.told };
      return this.message('event', text);
    }
    if (news.kind === 'forked') return undefined;
    const isPlatformLost = this.lost.includes('platform');
    if (news.kind === 'chain' || (this.isAsked && this.isWrong && !isPlatformLost)) {
      this.isWrong = false;
      return this.sendPart(chainStart(this.told, own, platform));
    }
    return this.isAsked ? this.ready() : undefined;
  }

  /** Stands for `stream_ready` and for whatever ordinary event comes next: by the active key, which the Node must hold. */
  private ready(): Message {
    this.isAsked = false;
    return this.message('event', envelopeBy(this.own.active, this.scope, this.plane.now));
  }

  private async sendPart(place: ChainPlace): Promise<Message> {
    const ahead = {
      own: this.own.statements.filter((each) => isAhead(place.own, each)),
      platform: this.platform.statements.filter((each) => isAhead(place.platform, each)),
    };
    const epochs = { own: ahead.own.map(epochOf), platform: ahead.platform.map(epochOf) };
    const part = chainPart(place, epochs, PART);
    const textsOf = (list: ModelStatement[], count: number): string[] => list.slice(0, count).map(({ text }) => text);
    const lists = {
      platform_statements: textsOf(ahead.platform, part.platform.length),
      statements: textsOf(ahead.own, part.own.length),
    };
    const isLast = part.next === null;
    const end = isLast ? { bundle: await this.plane.bundle(this.scope) } : { more: true };
    this.told = toldBy(place, part, this.told, { epoch: this.own.ring.epoch, platformEpoch: this.platform.ring.epoch });
    this.place = part.next;
    return this.message('chain', JSON.stringify({ ...lists, ...end }));
  }

  private message(kind: Message['kind'], text: string): Message {
    this.sequence += 1;
    return { kind, text, sequence: this.sequence };
  }

  private standing(ring: ModelRing, epoch: number, head: string, whose: Whose): number {
    const at = ring.statements.findIndex(({ hash }) => hash === head);
    const headEpoch = ring.statements[at]?.epoch ?? null;
    const nextEpoch = at === -1 ? null : (ring.statements[at + 1]?.epoch ?? null);
    const standing = standingAt({ epoch, headEpoch, nextEpoch }, ring.ring.epoch);
    if (standing.epoch === FORKED) this.forks.add(whose);
    return standing.epoch;
  }

  private get own(): ModelRing {
    return this.plane.of(this.scope);
  }

  private get platform(): ModelRing {
    return this.plane.rings.platform;
  }
}

const epochOf = ({ epoch }: ModelStatement): number => epoch;
