/** For Express, and whatever else calls `(request, response, next)`: it uses node:http's own methods and nothing of Express. */
import type { BearerRequest } from '../bearer';
import type { JwtGuard } from '../jwt-guard';
import { readRequirement, type Requirement } from '../requirement';
import { TokenRefused } from '../token-refused';

interface Response {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

type Middleware = (request: BearerRequest, response: Response, next: (error?: unknown) => void) => void;

/**
 * Middleware that lets a request go on, or answers it.
 * @throws GuardOptionError
 */
export function jwtMiddleware(guard: JwtGuard, requirement: Requirement = {}): Middleware {
  const required = readRequirement(requirement);
  return (request, response, next) => {
    guard.admit(request, required).then(
      () => next(),
      (error: unknown) => (error instanceof TokenRefused ? refuse(response, error) : next(error)),
    );
  };
}

function refuse(response: Response, { status, headers, body }: TokenRefused): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}
