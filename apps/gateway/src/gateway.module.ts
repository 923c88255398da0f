import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { leaseHolding } from '@plexsphere/lease-holder';
import { LOGGER, ThrottledLog, type Logger } from '@plexsphere/service-kit';
import { storeOptions } from '@plexsphere/store';
import { RAW_ROUTES, type RawRoute } from './door/raw-route';
import type { GatewayConfig } from './gateway-config';
import { GatewayMetrics } from './metrics/gateway-metrics';
import { MetricsController } from './metrics/metrics.controller';
import { LeavingController } from './nodes/leaving.controller';
import { KeyController } from './nodes/key.controller';
import { StandingController } from './nodes/standing.controller';
import { BeatController, PingController } from './nodes/beat.controller';
import { CalledNodes } from './nodes/called-nodes';
import { EventsRoute } from './nodes/events.route';
import { KnownBearers } from './nodes/known-bearers';
import { NodeCredentials } from './nodes/node-credentials';
import { OnBehalf } from './nodes/on-behalf';
import { StateController } from './nodes/state.controller';
import { RegistrationController } from './registration/registration.controller';
import { Bundles } from './rings/bundles';
import { ChainReader } from './rings/chain-reader';
import { ChainController } from './rings/chain.controller';
import { Chains } from './rings/chains';
import { JwksRoute } from './rings/jwks.route';
import { KeySetHolder } from './rings/key-set-holder';
import { KeySets } from './rings/key-sets';
import { EventStreams } from './streams/event-streams';
import { NodeNews } from './streams/node-news';
import { NodeStates } from './streams/node-states';
import { StreamRows } from './streams/stream-rows';
import { NodeViews } from './views/node-views';
import { RingViews } from './views/ring-views';
import { Strangers } from './views/strangers';

const leases = leaseHolding(KeySetHolder);

/** Everything of a gateway but its database, its bus, its configuration and its server. */
export const gatewayParts = {
  controllers: [
    StateController,
    BeatController,
    StandingController,
    PingController,
    KeyController,
    LeavingController,
    RegistrationController,
    ChainController,
    MetricsController,
    ...leases.controllers,
  ],
  providers: [
    ...leases.providers,
    GatewayMetrics,
    NodeViews,
    RingViews,
    Strangers,
    KnownBearers,
    CalledNodes,
    NodeCredentials,
    OnBehalf,
    EventStreams,
    NodeStates,
    NodeNews,
    StreamRows,
    { provide: ThrottledLog, useFactory: (logger: Logger) => new ThrottledLog(logger), inject: [LOGGER] },
    Bundles,
    ChainReader,
    Chains,
    KeySets,
    EventsRoute,
    JwksRoute,
    { provide: RAW_ROUTES, useFactory: (...routes: RawRoute[]) => routes, inject: [EventsRoute, JwksRoute] },
  ],
} satisfies ModuleMetadata;

@Module({})
export class GatewayModule {
  static with(config: GatewayConfig): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        TypeOrmModule.forRoot({
          ...storeOptions(config.databaseUrl, 'gateway'),
          // A database that is down at boot is waited for: readiness says so meanwhile.
          retryAttempts: Number.MAX_SAFE_INTEGER,
          retryDelay: 500,
        }),
      ],
      ...gatewayParts,
    };
  }
}
