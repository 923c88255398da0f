/** Why a message is refused, and what its sender is told: closed sets, nothing of what was sent. */

interface Refusal {
  status: 400 | 401 | 413 | 503;
  detail: string;
}

/** A row a reason. Those of 503 say nothing of the message: it may be good, and is to be sent again. */
export const REFUSALS = {
  signature_missing: { status: 401, detail: 'The message is not signed.' },
  malformed: { status: 400, detail: 'A header of the signature, or the target of the request, cannot be read.' },
  not_covered: { status: 401, detail: 'The signature does not cover what it has to, or lacks a parameter.' },
  unknown_kid: { status: 401, detail: 'No key of this direction has that id.' },
  signature_invalid: { status: 401, detail: 'The signature is by no key of this direction.' },
  wrong_direction: { status: 401, detail: 'The signature is by a key of the other direction.' },
  wrong_method: { status: 401, detail: 'The request was signed for another method.' },
  wrong_path: { status: 401, detail: 'The request was signed for another path.' },
  wrong_query: { status: 401, detail: 'The request was signed for another query.' },
  wrong_digest: {
    status: 401,
    detail: 'The Content-Digest is missing, of no algorithm that is known here, or not the one that was signed.',
  },
  body_changed: { status: 401, detail: 'The body is not the one of its digest.' },
  stale: { status: 401, detail: 'The message was signed too long ago, or for a time to come.' },
  replayed: { status: 401, detail: 'The request has come before.' },
  too_large: { status: 413, detail: 'The body is larger than this end takes.' },
  keys_unavailable: { status: 503, detail: 'This end has no keys yet.' },
  secret_too_short: { status: 503, detail: 'This end was given a secret that is too short to be used.' },
} as const satisfies Record<string, Refusal>;

export type RefusalReason = keyof typeof REFUSALS;
