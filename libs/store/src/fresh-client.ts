import { Client, type ClientConfig } from 'pg';

/**
 * pg's client for a pool that asks for the URL anew at each new connection, so that a password that was replaced in a
 * file counts without a restart. The pool itself keeps the URL of its making.
 */
export const freshClient = (url: () => string): typeof Client =>
  class extends Client {
    constructor(config: ClientConfig = {}) {
      super({ ...config, connectionString: url() });
    }
  };
