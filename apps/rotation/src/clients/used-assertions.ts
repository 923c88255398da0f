import type { EntityManager } from 'typeorm';

/** In one turn: what a database does within a second, and more than clients come with. A turn has other things to do. */
const AT_ONCE = 100_000;

/** They are refused by their own time by now. The statement's, so that it is looked up by the index used_assertion_expiry. */
export const OLD_ASSERTIONS = `FROM ring.used_assertion WHERE expires_at < statement_timestamp()`;

export const forgetUsedAssertions = (manager: Pick<EntityManager, 'query'>, atOnce = AT_ONCE): Promise<unknown> =>
  manager.query(`DELETE FROM ring.used_assertion WHERE ctid = ANY (ARRAY(SELECT ctid ${OLD_ASSERTIONS} LIMIT $1))`, [
    atOnce,
  ]);
