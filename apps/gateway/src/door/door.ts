import type { Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { RequestListener } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ProblemFilter, type HttpDoor, type Logger } from '@plexsphere/service-kit';
import { problem } from '@plexsphere/wire';
import type { FastifyReply } from 'fastify';
import type { GatewayConfig } from '../gateway-config';
import { GatewayMetrics } from '../metrics/gateway-metrics';
import { describeApi } from '../openapi/describe-api';
import { EventStreams } from '../streams/event-streams';
import { takeBodies } from './bodies';
import { countAnswers, keepFromCaches } from './hooks';
import { Dispatch } from './dispatch';
import { HttpProblemFilter } from './http-problem-filter';
import { createServer, isAhead, listen } from './http-server';
import { RAW_ROUTES } from './raw-route';
import { refusalOf, refuse } from './refuse';
import { TlsFiles } from './tls-files';

/** How long a stop takes over the streams: their Nodes ask again at once, and not all at once. */
const END_STREAMS_MS = 5_000;
/** And for what is being answered. */
const LAST_ANSWERS_MS = 5_000;

/**
 * The one server on which Nodes and verifiers call. It listens from the start and until the end, and says 503 while what
 * an answer rests on is not there: whoever truly is unknown alone may be told so.
 */
export class Door implements HttpDoor {
  readonly adapter: FastifyAdapter;
  private readonly server: Server;
  private nest: RequestListener = () => undefined;
  private dispatch: Dispatch | undefined;
  private streams: EventStreams | undefined;

  private constructor(
    private readonly tls: TlsFiles | undefined,
    private readonly logger: Logger,
  ) {
    this.server = createServer(tls);
    this.server.on('request', (request, response) => {
      if (isAhead(response)) request.socket.destroy();
      else if (this.dispatch !== undefined) this.dispatch.take(request, response);
      else refuse(response, refusalOf(problem('eventStreamUnavailable')), { connection: 'close' });
    });
    tls?.follow(this.server as HttpsServer);
    this.adapter = new FastifyAdapter({
      serverFactory: (handler: RequestListener) => {
        this.nest = handler;
        return this.server;
      },
      // As long as the longest name is, in whichever way it is escaped.
      routerOptions: { maxParamLength: 512 },
      // What Fastify refuses before it has found a route never comes to Nest.
      frameworkErrors: (_: unknown, __: unknown, reply: FastifyReply) => {
        const { status, headers, text } = refusalOf(problem('invariantViolation', { field: 'path' }));
        void reply.status(status).headers(headers).send(text);
      },
    });
  }

  /** @throws Error where it cannot listen there, or the files hold no certificate and its key */
  static async listen(config: GatewayConfig, logger: Logger): Promise<Door> {
    const { tlsCertFile: certFile, tlsKeyFile: keyFile } = config;
    const door = new Door(certFile === '' ? undefined : new TlsFiles({ certFile, keyFile }, logger), logger);
    const address = await listen(door.server, config.httpListen);
    logger.info({ http: address, tls: certFile !== '' }, 'listening');
    return door;
  }

  filter(problems: ProblemFilter): HttpProblemFilter {
    return new HttpProblemFilter(problems);
  }

  prepare(app: INestApplication): void {
    const server = this.adapter.getInstance();
    takeBodies(server);
    keepFromCaches(server);
    countAnswers(server, app.get(GatewayMetrics));
    describeApi(app);
  }

  async open(app: INestApplication): Promise<void> {
    await this.adapter.getInstance().ready();
    this.streams = app.get(EventStreams);
    this.dispatch = new Dispatch({
      raw: app.get(RAW_ROUTES),
      nest: this.nest,
      problems: new ProblemFilter(this.logger),
      metrics: app.get(GatewayMetrics),
    });
  }

  async close(): Promise<void> {
    this.dispatch = undefined;
    await this.tls?.stop();
    await this.streams?.end(END_STREAMS_MS);
    const closed = new Promise((resolve) => this.server.close(resolve));
    await Promise.race([closed, delay(LAST_ANSWERS_MS, undefined, { ref: false })]);
    this.server.closeAllConnections();
  }
}
