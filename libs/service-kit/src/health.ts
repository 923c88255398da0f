import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A readiness check answers the reason why the service is not ready, or undefined. */
export type ReadinessCheck = () => string | undefined;

/**
 * `GET /livez`: the process turns. `GET /readyz`: it can do its work, with what somebody should look at some day, or 503
 * with the reasons. Both text, no secret.
 */
export class Health {
  private readonly checks = new Map<string, ReadinessCheck>();
  private readonly warnings = new Map<string, ReadinessCheck>();
  private readonly server: Server = createServer((request, response) => {
    const isReadiness = request.url === '/readyz';
    const reasons = isReadiness ? this.reasons() : [];
    const known = isReadiness || request.url === '/livez';
    response.writeHead(known ? (reasons.length === 0 ? 200 : 503) : 404, { 'content-type': 'text/plain' });
    response.end(
      known ? (reasons.length > 0 ? `${reasons.join('\n')}\n` : isReadiness ? this.ready() : 'ok\n') : 'not found\n',
    );
  });

  check(name: string, check: ReadinessCheck): void {
    this.checks.set(name, check);
  }

  /** What is worth a look long before it hinders anything: the service stays ready. */
  warn(name: string, check: ReadinessCheck): void {
    this.warnings.set(name, check);
  }

  reasons(): string[] {
    return told(this.checks);
  }

  private ready(): string {
    return ['ok', ...told(this.warnings).map((warning) => `warning: ${warning}`), ''].join('\n');
  }

  /** Returns the address that it listens on. */
  async listen(hostAndPort: string): Promise<string> {
    const separator = hostAndPort.lastIndexOf(':');
    const host = hostAndPort.slice(0, separator);
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(Number(hostAndPort.slice(separator + 1)), host, resolve);
    });
    return `${host}:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const told = (checks: ReadonlyMap<string, ReadinessCheck>): string[] =>
  [...checks].flatMap(([name, check]) => {
    const reason = check();
    return reason === undefined ? [] : [`${name}: ${reason}`];
  });
