import type { InjectionToken, OnApplicationShutdown, Provider } from '@nestjs/common';

/** What is open when the application is built: a pool of connections. */
type Open = { destroy(): Promise<void> } | { end(): Promise<void> };

/**
 * What all parts of a service work on. It is closed after each of them has finished what it began and said its last words
 * (module destroy hooks), since those need it, too.
 */
export function closedLast(token: InjectionToken, open: Open): Provider[] {
  const closing: OnApplicationShutdown = { onApplicationShutdown: () => ('end' in open ? open.end() : open.destroy()) };
  return [
    { provide: token, useValue: open },
    { provide: Symbol('closing'), useValue: closing },
  ];
}
