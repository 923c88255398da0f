/** For Nest, on Express and on Fastify. */
import { HttpException, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { BearerRequest } from '../bearer';
import { JwtGuard } from '../jwt-guard';
import { readRequirement } from '../requirement';
import { TokenRefused } from '../token-refused';

const SCOPE = 'jwt-guard:scope';

/** Of reflect-metadata, which Nest brings. */
const { getMetadata } = Reflect as unknown as { getMetadata(key: string, target: object): string | undefined };

/** What both platforms' responses have. */
interface Response {
  header(name: string, value: string): unknown;
}

/**
 * Scopes that a handler, or all of a controller's, wants of a token; where both say so, those of both.
 * @throws GuardOptionError
 */
export const RequireScope = (scope: string): MethodDecorator & ClassDecorator =>
  SetMetadata(SCOPE, readRequirement({ scope }).scope);

/**
 * Stands on the JwtGuard that the module provides. Of HTTP alone: whatever comes another way is not let in. What it refuses
 * is an HttpException, for the application's filters.
 */
@Injectable()
export class JwtAuthGuard implements CanActivate {
  constructor(private readonly guard: JwtGuard) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return false;
    const http = context.switchToHttp();
    const scopes = [context.getClass(), context.getHandler()].flatMap((target) => getMetadata(SCOPE, target) ?? []);
    try {
      await this.guard.admit(http.getRequest<BearerRequest>(), { scope: scopes.join(' ') || undefined });
      return true;
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      const response = http.getResponse<Response>();
      for (const [name, value] of Object.entries(error.headers)) response.header(name, value);
      throw new HttpException(error.body, error.status);
    }
  }
}
