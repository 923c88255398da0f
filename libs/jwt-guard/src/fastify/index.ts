/** For Fastify: a plugin for all routes beside which it is registered, and the hook by itself for single ones. */
import type { FastifyPluginCallback, onRequestAsyncHookHandler } from 'fastify';
import { noteToken } from '../access-token';
import { readRequirement, type Requirement } from '../requirement';
import type { JwtGuard } from '../jwt-guard';
import { TokenRefused } from '../token-refused';

export interface JwtPluginOptions extends Requirement {
  guard: JwtGuard;
}

/**
 * An `onRequest` hook: before a body is read.
 * @throws GuardOptionError
 */
export function jwtHook(guard: JwtGuard, requirement: Requirement = {}): onRequestAsyncHookHandler {
  const required = readRequirement(requirement);
  return async (request, reply) => {
    try {
      noteToken(request, await guard.admit(request.raw, required));
      return undefined;
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      return reply.code(error.status).headers(error.headers).send(error.body);
    }
  };
}

const plugin: FastifyPluginCallback<JwtPluginOptions> = (app, { guard, scope }, done) => {
  app.addHook('onRequest', jwtHook(guard, { scope }));
  done();
};

/** As fastify-plugin does: the hook is to hold for the routes beside the plugin, and not for those within it alone. */
export const jwtPlugin: FastifyPluginCallback<JwtPluginOptions> = Object.assign(plugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'jwt-guard',
});
