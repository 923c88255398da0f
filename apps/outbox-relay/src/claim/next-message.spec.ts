import { PLATFORM } from '@plexsphere/wire';
import type { ClaimedNode } from './claimed-node';
import type { Ring, Rings } from './read-rings';
import { chooseNext } from './next-message';

const DOMAIN = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';

/** `keyIds` by epoch, from 1 on; a key that was active before makes no statement. */
const told = (...keyIds: string[]): Pick<Ring, 'activeAt' | 'statementsAfter'> => ({
  activeAt: (epoch) => keyIds[epoch - 1],
  statementsAfter: (epoch) => keyIds.filter((keyId, i) => i >= epoch && keyId !== keyIds[i - 1]).length,
});
const ring = (over: Partial<Ring>): Ring => ({
  scope: DOMAIN,
  epoch: 1,
  trustEpoch: 1,
  keys: [{ keyId: 'd1', state: 'active' }],
  eventId: 'event-of-epoch',
  trustEventId: 'event-of-trust-epoch',
  ...told('d1'),
  superiorEpoch: null,
  headAt: (epoch) => epoch,
  activeNamedAt: (epoch) => epoch,
  authorityAfter: () => null,
  ...over,
});
const rotated: Partial<Ring> = {
  epoch: 2,
  trustEpoch: 2,
  keys: [
    { keyId: 'd1', state: 'retiring' },
    { keyId: 'd2', state: 'active' },
  ],
  ...told('d1', 'd2'),
};
const closed: Partial<Ring> = {
  ...rotated,
  epoch: 3,
  keys: [
    { keyId: 'd1', state: 'retired' },
    { keyId: 'd2', state: 'active' },
  ],
  ...told('d1', 'd2', 'd2'),
};
const rings = (own: Partial<Ring>, platform: Partial<Ring> = {}): Rings =>
  new Map([
    [DOMAIN, ring(own)],
    [PLATFORM, ring({ ...platform, scope: PLATFORM })],
  ]);
const node = (over: Partial<ClaimedNode> = {}): ClaimedNode => ({
  nodeId: 'n',
  scope: DOMAIN,
  listens: 'bus',
  attempt: 1,
  toldEpoch: 1,
  toldPlatformEpoch: 1,
  platformForkedFrom: null,
  chain: null,
  settledPosition: 0,
  lastPosition: 0,
  lastSequence: 0,
  hello: null,
  waits: false,
  ready: null,
  ...over,
});

const after = (afterEpoch: number) => ({ afterEpoch, wholeFrom: 0 });
const from = (epoch: number, platformEpoch: number) => ({ own: after(epoch), platform: after(platformEpoch) });

describe('chooseNext', () => {
  it('has nothing before ordinary events where the Node is told', () => {
    expect(chooseNext(node(), rings({}))).toEqual({ kind: 'ordinary', epoch: 1 });
  });

  it('announces by the key that was active when the Node was told', () => {
    expect(chooseNext(node(), rings(rotated))).toEqual({
      kind: 'announce',
      eventType: 'signing_key_rotated',
      keyId: 'd1',
      eventId: 'event-of-trust-epoch',
      epoch: 2,
      told: { epoch: 2 },
      otherwise: {
        kind: 'chain',
        eventId: 'event-of-epoch',
        epoch: 2,
        platformEpoch: 1,
        from: from(1, 1),
        gates: true,
      },
    });
  });

  it('lets nothing wait for a close, and tells of it where there is nothing else', () => {
    const close = { kind: 'chain', epoch: 3, platformEpoch: 1, from: from(2, 1), gates: false };
    expect(chooseNext(node({ toldEpoch: 2 }), rings(closed))).toMatchObject({ kind: 'ordinary', otherwise: close });
    const hello = { helloId: 'h', corrects: false };
    expect(chooseNext(node({ toldEpoch: 2, hello }), rings(closed))).toMatchObject({ kind: 'ready' });
  });

  it('tells key news before it answers a hello, and answers it before ordinary events', () => {
    const hello = { helloId: 'h', corrects: false };
    expect(chooseNext(node({ hello }), rings(rotated))).toMatchObject({ kind: 'announce' });
    expect(chooseNext(node({ hello, toldEpoch: 2 }), rings(rotated))).toEqual({
      kind: 'ready',
      helloId: 'h',
      epoch: 2,
      platformEpoch: 1,
    });
  });

  it('hands a chain to a Node whose key is closed, and that tells it of both rings', () => {
    expect(chooseNext(node(), rings(closed, rotated))).toEqual({
      kind: 'chain',
      eventId: 'event-of-epoch',
      epoch: 3,
      platformEpoch: 2,
      from: from(1, 1),
      gates: true,
    });
  });

  it('hands a chain where more than one statement is missing, though the key that the Node knows still verifies', () => {
    const back = { ...rotated, epoch: 3, trustEpoch: 3, ...told('d1', 'd2', 'd1') };
    expect(chooseNext(node(), rings(back))).toMatchObject({ kind: 'chain', gates: true });
  });

  it('says nothing but the next part while a chain is unfinished', () => {
    const hello = { helloId: 'h', corrects: false };
    const amid = node({ toldEpoch: 2, hello, chain: from(2, 1) });
    expect(chooseNext(amid, rings(rotated))).toMatchObject({ kind: 'chain', from: from(2, 1), gates: true });
  });

  it("announces one change of the platform's ring by the Domain's active key, after the Domain's own news", () => {
    expect(chooseNext(node(), rings(rotated, rotated))).toMatchObject({ eventType: 'signing_key_rotated' });
    expect(chooseNext(node({ toldEpoch: 2 }), rings(rotated, rotated))).toEqual({
      kind: 'announce',
      eventType: 'platform_key_rotated',
      keyId: 'd2',
      eventId: 'event-of-trust-epoch',
      epoch: 2,
      told: { platformEpoch: 2 },
      otherwise: {
        kind: 'chain',
        eventId: 'event-of-epoch',
        epoch: 2,
        platformEpoch: 2,
        from: from(2, 1),
        gates: true,
      },
    });
  });

  it("needs a chain where the platform's old key is closed, or more than one statement is missing", () => {
    expect(chooseNext(node(), rings({}, closed))).toMatchObject({ kind: 'chain' });
    const twice = { ...rotated, epoch: 3, trustEpoch: 3, ...told('d1', 'd2', 'd3') };
    expect(chooseNext(node(), rings({}, twice))).toMatchObject({ kind: 'chain' });
  });

  it("P-9: tells a Domain's Node of the platform's close, when there is nothing else", () => {
    expect(chooseNext(node({ toldPlatformEpoch: 2 }), rings({}, closed))).toMatchObject({
      kind: 'ordinary',
      otherwise: { kind: 'chain', epoch: 1, platformEpoch: 3, from: from(1, 2), gates: false },
    });
  });

  it("tells a Node of the platform's scope once, under both names", () => {
    const own = node({ scope: PLATFORM });
    expect(chooseNext(own, rings({}, rotated))).toMatchObject({
      eventType: 'signing_key_rotated',
      told: { epoch: 2, platformEpoch: 2 },
    });
    expect(chooseNext({ ...own, toldEpoch: 2, toldPlatformEpoch: 2 }, rings({}, rotated))).toMatchObject({
      kind: 'ordinary',
      epoch: 2,
    });
  });

  it('says nothing where the ring is behind what the Node was told', () => {
    expect(chooseNext(node({ toldEpoch: 2 }), rings({}))).toBeUndefined();
  });
});
