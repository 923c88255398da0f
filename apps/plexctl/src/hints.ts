import { PROBLEMS, type ProblemName } from '@plexsphere/wire';

/** What to do next about what a service answered. `<scope>` is the one that the command named. */
const HINTS: Partial<Record<ProblemName, string>> = {
  rotationInProgress:
    'plexctl signing jwks --scope <scope> names the two keys; plexctl signing close ends the rotation',
  noOpenRotation: 'plexctl signing jwks --scope <scope> shows the keys that verify now',
  transitionMismatch: 'plexctl signing jwks --scope <scope> lists the new key first and the old one second',
  nodesLagging: 'wait until the Nodes have applied the new key, or until closes_at; an admin may insist with --force',
  epochWentBack: 'this scope is not served until an operator decides: see the runbook of a restore',
  alreadyBootstrapped: 'this database has an installation: its files are where the first bring-up left them',
  reservedEventType: 'the signing plane alone sends signing_key_*, platform_key_*, stream_ready and resync',
  envelopeTooLarge: 'an event with its signature has to fit 65,535 bytes: publish a reference instead',
  keyIdInUse: 'choose another key id: one that stood in the ring is not used again',
  domainExists: 'plexctl signing jwks --scope <scope> shows its keys',
  nodeExists: 'choose another --name',
  requestIdReused: 'run the command again: it takes a new request id',
  unknownScope: 'plexctl domain create makes the ring of a Domain',
  epochMismatch: 'the ring changed meanwhile: run the command again',
  preparedTooLate: 'preparing took too long: run the command again',
  scopeBusy: 'another command holds this scope: run this one again',
  noSigner: 'check that a signer runs and is ready',
  noLease: 'check that a signer runs and is ready',
  keyUnavailable: 'check the signers: the one that was asked cannot use this key',
  databaseUnavailable: 'check that the database runs and is reached, then run the command again',
  noAnswer: 'check the services behind the rotation service, then run the command again',
  busUnavailable: 'check the bus, and the services on it',
  notAuthenticated: 'the token file may be revoked, expired or of another installation: ask an admin for a new one',
  permissionDenied: 'ask an admin for a role that may do this',
  internal: 'the log of the rotation service says more',
};

const byDetail = new Map(
  (Object.keys(HINTS) as ProblemName[]).map((name) => [PROBLEMS[name].detail as string, HINTS[name]]),
);

export const hintFor = (detail: string, scope: string | undefined): string | undefined =>
  byDetail.get(detail)?.replace('<scope>', scope ?? '<scope>');
