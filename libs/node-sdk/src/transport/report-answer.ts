/** What comes back of a report: a boundary, by the bus and over HTTP. */
import { isKeyId, isScope, parseProblem, type Code } from '@plexsphere/wire';
import type { ReportKeysReply } from '@plexsphere/wire/commands';
import { areTexts, asObject, isEpoch, parseObject, type JsonObject } from '../json-members';
import { unanswered, type ReportAnswer } from '../member/reporter';

/** Two rings of eight keys, each with a sentence. Looked at before it is parsed. */
export const MOST_ANSWER_BYTES = 16_384;

/** Another time it may go. */
const PASSING: readonly Code[] = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'ABORTED', 'INTERNAL'];

/** `errorCode`: of the header that says so, where it is a refusal. */
export function answerOf(text: string, errorCode?: string): ReportAnswer {
  const body = text.length > MOST_ANSWER_BYTES ? undefined : parseObject(text);
  if (errorCode !== undefined) return refusalOf(errorCode, body);
  const rings = Array.isArray(body?.['rings']) ? (body['rings'] as unknown[]).map(ringOf) : [undefined];
  const whole = rings.filter((ring) => ring !== undefined);
  return whole.length === rings.length
    ? { kind: 'answered', reply: { rings: whole } }
    : unanswered('an answer that is none');
}

function refusalOf(errorCode: string, body: JsonObject | undefined): ReportAnswer {
  const { code, detail } = parseProblem(errorCode, body).body;
  return { kind: PASSING.includes(code) ? 'unanswered' : 'refused', reason: detail };
}

type AnsweredRing = ReportKeysReply['rings'][number];

function ringOf(value: unknown): AnsweredRing | undefined {
  const { scope, epoch, proven, refused } = asObject(value) ?? {};
  if (!isScope(scope) || !isEpoch(epoch) || !areTexts(proven) || !Array.isArray(refused)) return undefined;
  const refusals = (refused as unknown[]).map(proofOf).filter((each) => each !== undefined);
  return refusals.length === refused.length ? { scope, epoch, proven, refused: refusals } : undefined;
}

function proofOf(value: unknown): AnsweredRing['refused'][number] | undefined {
  const { key_id, detail } = asObject(value) ?? {};
  return isKeyId(key_id) && typeof detail === 'string' ? { key_id, detail } : undefined;
}
