import { at, goNode, rotatedRing } from '../../testing/go-node-facts';
import type { GoNode } from './go-node';
import { judgeLastEventId, type JudgedId } from './last-event-id';

const NODE = goNode({ toldSince: [1, 2] });
const counts = (position: number): JudgedId => ({ kind: 'counts', position });
const judge = (id: number | null, issuedAt: Date | null, node: GoNode, now: Date): JudgedId =>
  judgeLastEventId(id === null ? null : { id, issuedAt }, node, rotatedRing(), now);

test.each<[string, number | null, Partial<GoNode>, JudgedId]>([
  ['none', null, {}, { kind: 'absent' }],
  ['0', 0, { settledPosition: 0 }, { kind: 'absent' }],
  ['one that nobody gave', 21, {}, { kind: 'absent' }],
  ['one from before what is settled', 9, {}, { kind: 'absent' }],
  ['what is settled', 10, {}, { kind: 'settled' }],
  ['one that was given', 11, {}, counts(11)],
  ['the last one', 20, {}, counts(20)],
  ['any, while a word is unanswered', 20, { isHelloUnanswered: true }, { kind: 'uncounted' }],
  ['any, where an epoch was told whose key is gone', 20, { toldSince: [0, 2] }, { kind: 'uncounted' }],
  ['any, where the last epoch that was told is not known', 20, { toldSince: [2, 0] }, { kind: 'uncounted' }],
])('%s', (_, id, node, judged) => expect(judge(id, at(-1), { ...NODE, ...node }, at(0))).toEqual(judged));

test.each<[string, Date | null, Date, JudgedId]>([
  ['that stands nowhere', null, at(0), { kind: 'uncounted' }],
  ['that is younger than 3 min', at(-179), at(0), counts(20)],
  ['that is 3 min old', at(-180), at(0), { kind: 'uncounted' }],
  ['a minute before its key is over', at(3_500), at(3_539), counts(20)],
  ["in its key's last minute: by the Node's clock it may be over", at(3_500), at(3_540), { kind: 'uncounted' }],
])('an envelope %s', (_, issuedAt, now, judged) => expect(judge(20, issuedAt, NODE, now)).toEqual(judged));
