import { SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { nameOf, SinkError, type Place, type SinkErrorCode } from '../sink-error';

/** By the name of what is thrown; its text may hold anything. */
const CODES: Readonly<Record<string, SinkErrorCode>> = {
  ResourceNotFoundException: 'target_missing',
  AccessDeniedException: 'target_denied',
  CredentialsProviderError: 'target_denied',
  ExpiredTokenException: 'target_denied',
  IncompleteSignatureException: 'target_denied',
  InvalidClientTokenIdException: 'target_denied',
  InvalidSignatureException: 'target_denied',
  MissingAuthenticationTokenException: 'target_denied',
  UnrecognizedClientException: 'target_denied',
  ThrottlingException: 'target_unreachable',
  InternalServiceError: 'target_unreachable',
};

export function awsFailure(error: unknown, place: Place, changed?: string): SinkError {
  const reason = nameOf(error);
  if (reason === changed) return new SinkError('target_changed', place, reason);
  const other = error instanceof SecretsManagerServiceException ? 'target_refused' : 'target_unreachable';
  return new SinkError(CODES[reason] ?? other, place, reason);
}
