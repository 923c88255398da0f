import type { RequestListener } from 'node:http';

/** A readiness check answers the reason why the service is not ready, or undefined. */
type ReadinessCheck = () => string | undefined;

/**
 * `GET /livez`: the process turns. `GET /readyz`: it can do its work, with what somebody should look at some day, or 503
 * with the reasons. Both text, no secret.
 */
export class Health {
  private readonly checks = new Map<string, ReadinessCheck>();
  private readonly warnings = new Map<string, ReadinessCheck>();

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

  /** For `openHttp`. */
  readonly answer: RequestListener = (request, response) => {
    const isReadiness = request.url === '/readyz';
    const reasons = isReadiness ? this.reasons() : [];
    const known = isReadiness || request.url === '/livez';
    response.writeHead(known ? (reasons.length === 0 ? 200 : 503) : 404, { 'content-type': 'text/plain' });
    response.end(
      known ? (reasons.length > 0 ? `${reasons.join('\n')}\n` : isReadiness ? this.ready() : 'ok\n') : 'not found\n',
    );
  };
}

const told = (checks: ReadonlyMap<string, ReadinessCheck>): string[] =>
  [...checks].flatMap(([name, check]) => {
    const reason = check();
    return reason === undefined ? [] : [`${name}: ${reason}`];
  });
