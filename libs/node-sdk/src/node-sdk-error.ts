import type { BusClientErrorCode } from '@plexsphere/bus-client';

/**
 * What `code` may be.
 *
 * Of an enrolment file: it cannot be opened; group or others may read it; it is not one (`about` names the member).
 * Of the folder of the trust store: it holds a file that is not what the SDK wrote, and the Node has to be enrolled anew;
 * another process, or another client in this one, has it open; it is another Node's. `about` is the folder.
 * Of a client: started while it runs; asked before it runs; stopped before it was ready; a sink's, without `beforeProof`; to
 * be moved to another credential of the bus, and on HTTP, or not taken there yet.
 * Of a registration: what it was asked with is not good for it; it may go another time. `about` is a status, or why there
 * was no answer.
 * Of addresses of the bus or of gateways, and of a credential: malformed; TLS beside plaintext; plaintext beyond this machine; CA
 * certificates without TLS; no credential.
 */
export type NodeSdkErrorCode =
  | 'enrolment_unreadable'
  | 'enrolment_readable_by_others'
  | 'enrolment_malformed'
  | 'store_damaged'
  | 'store_in_use'
  | 'store_of_another_node'
  | 'already_started'
  | 'not_started'
  | 'stopped'
  | 'before_proof_missing'
  | 'not_on_the_bus'
  | 'not_moved'
  | 'registration_refused'
  | 'registration_failed'
  | Exclude<BusClientErrorCode, 'nonce_refused'>;

/** The SDK refuses. Compare `code`; nothing in it is secret. What the file system throws is thrown as it is. */
export class NodeSdkError extends Error {
  override readonly name = 'NodeSdkError';

  constructor(
    readonly code: NodeSdkErrorCode,
    /** The member of the enrolment file, the folder of the trust store, or a sentence; empty where there is none. */
    readonly about = '',
  ) {
    super(about === '' ? code : `${code}: ${about}`);
  }
}
