import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ProblemFilter } from '@plexsphere/service-kit';
import { problem } from '@plexsphere/wire';
import type { GatewayMetrics } from '../metrics/gateway-metrics';
import type { RawRoute } from './raw-route';
import { refusalOf, refuse } from './refuse';

export interface Answering {
  raw: readonly RawRoute[];
  nest: RequestListener;
  problems: ProblemFilter;
  metrics: GatewayMetrics;
}

/** Who answers what comes in: one of the few before Nest, or Nest. */
export class Dispatch {
  constructor(private readonly answering: Answering) {}

  take(request: IncomingMessage, response: ServerResponse): void {
    const { raw, nest } = this.answering;
    const target = (request.url = originForm(request.url ?? ''));
    const query = target.indexOf('?');
    const path = query < 0 ? target : target.slice(0, query);
    for (const route of raw) {
      const found = route.path.exec(path);
      if (found !== null) return this.answer(route, request, response, found[1] ?? '');
    }
    nest(request, response);
  }

  /** Not async itself: a promise for each of ten thousand key sets a second is one too many. */
  private answer(route: RawRoute, request: IncomingMessage, response: ServerResponse, group: string): void {
    const { metrics, problems } = this.answering;
    const told = (): void => metrics.answered(route.name, response.statusCode);
    const fail = (error: unknown): void => {
      const refused = problems.problemOf(error);
      // RFC 9110, section 15.5.6: the ones that it takes.
      const headers = refused.is('unsupportedMethod') ? { allow: route.methods.join(', ') } : {};
      refuse(response, route.refusal?.(refused) ?? refusalOf(refused), headers);
    };
    try {
      if (!route.methods.includes(request.method ?? '')) throw problem('unsupportedMethod');
      const answering = route.answer(request, response, group);
      if (answering !== undefined) {
        // What it is, is known at its end. It closes once: what `once` keeps to see to that is kept as long as a stream.
        response.on('close', told);
        return void answering.catch(fail);
      }
    } catch (error) {
      fail(error);
    }
    told();
  }
}

const SCHEME_AND_HOST = /^https?:\/\/[^/?]*/i;

/** RFC 9112, section 3.2.2: a target with scheme and host, as it is sent to proxies, is to be taken as well. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const rest = target.replace(SCHEME_AND_HOST, '');
  return rest === target || rest.startsWith('/') ? rest : `/${rest}`;
}
