/** Which answers are the platform's last word on a request. Every other one says that nobody knows, and it is asked again. */
import { parseProblem, PROBLEMS, type Problem, type ProblemName } from '@plexsphere/wire';
import { objectOf } from '../folder/json';

const FINAL: readonly ProblemName[] = [
  'invariantViolation',
  'generationMismatch',
  'tokenMismatch',
  'nodeKeyInUse',
  'revocationListFull',
  'notAuthenticated',
  'proofInvalid',
  'proofStale',
  'wrongAudience',
  'proofsDisagree',
  'enrolTokenOver',
  'wrongProof',
  'nodeKeySuperseded',
  'nodeRevoked',
  'nodeRemoved',
  'noNodeKey',
  'unknownNode',
  'unknownScope',
  'scopeRemoved',
  'permissionDenied',
];
const DETAILS: readonly string[] = FINAL.map((name) => PROBLEMS[name].detail);

/** What the body of a refusal says; undefined where it is nobody's last word. */
export function finalProblem(text: string): Problem | undefined {
  const body = objectOf(text);
  const detail = body?.['detail'];
  const known = Object.values(PROBLEMS).find((row) => row.detail === detail);
  if (known === undefined || !DETAILS.includes(known.detail)) return undefined;
  return parseProblem(known.code, body);
}
