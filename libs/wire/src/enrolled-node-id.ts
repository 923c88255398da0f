import { uuidOf } from './uuid-of';

/** Of all Nodes that came in by an enrolment token and a Node key; it stands for nothing else. */
const ENROLLED = '5d0c2f9e-7a41-4c7b-9b43-0e6a7d3f1c58';

/**
 * What the Node is called that comes with this token (SHA-256, hex) and this key (nkey, `U…`): the same whenever both come
 * again, so that whoever lost the answer asks for the same Node's.
 */
export const enrolledNodeId = (tokenHash: string, publicKey: string): string =>
  uuidOf(ENROLLED, `${tokenHash} ${publicKey}`);
