import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { leaseHolding } from '@plexsphere/lease-holder';
import { LOGGER, ThrottledLog, closedLast, type Logger } from '@plexsphere/service-kit';
import { Pool } from 'pg';
import { AdminController } from './admin/admin.controller';
import { DisableKey } from './admin/disable-key';
import { OperatorCommands } from './admin/operator-commands';
import { Peers } from './door/peers';
import { RAW_ROUTES, type RawRoute } from './door/raw-route';
import { GatewayConfig } from './gateway-config';
import { IssuerJwks } from './issuers/issuer-jwks';
import { IssuerMetadata } from './oauth2/issuer-metadata';
import { IssuerNames } from './issuers/issuer-names';
import { routesTo, type IssuerDoor } from './issuers/issuer-route';
import { GatewayMetrics } from './metrics/gateway-metrics';
import { MetricsController } from './metrics/metrics.controller';
import { EnrolmentController } from './node-keys/enrolment.controller';
import { KeyFailures } from './node-keys/key-failures';
import { NodeKeyCalls } from './node-keys/node-key-calls';
import { NodeKeyController } from './node-keys/node-key.controller';
import { ReachedMesh } from './node-keys/reached-mesh';
import { LeavingController } from './nodes/leaving.controller';
import { KeyController } from './nodes/key.controller';
import { StandingController } from './nodes/standing.controller';
import { BeatController, PingController } from './nodes/beat.controller';
import { ChannelController } from './nodes/channel.controller';
import { CalledNodes } from './nodes/called-nodes';
import { EventsRoute } from './nodes/events.route';
import { KnownBearers } from './door/known-bearers';
import { NodeCredentials } from './nodes/node-credentials';
import { OnBehalf } from './nodes/on-behalf';
import { StateController } from './nodes/state.controller';
import { CallingClients } from './oauth2/calling-clients';
import { IntrospectionDoor } from './oauth2/introspection.door';
import { ClientCredentials } from './oauth2/client-credentials';
import { TokenDoor } from './oauth2/token.door';
import { TokenSigners } from './oauth2/token-signers';
import { RegistrationController } from './registration/registration.controller';
import { Bundles } from './rings/bundles';
import { ChainReader } from './rings/chain-reader';
import { ChainController } from './rings/chain.controller';
import { Chains } from './rings/chains';
import { JwksRoute } from './rings/jwks.route';
import { KeySetHolder } from './rings/key-set-holder';
import { KeySets } from './rings/key-sets';
import { EventStreams } from './streams/event-streams';
import { GoneNodes } from './streams/gone-nodes';
import { NodeNews } from './streams/node-news';
import { NodeStates } from './streams/node-states';
import { StreamRows } from './streams/stream-rows';
import { ClientViews } from './views/client-views';
import { IssuerViews } from './views/issuer-views';
import { NodeViews } from './views/node-views';
import { RingViews } from './views/ring-views';
import { Strangers } from './views/strangers';

const leases = leaseHolding(KeySetHolder);

const ISSUER_DOORS = [IssuerJwks, IssuerMetadata, TokenDoor, IntrospectionDoor];

/** Everything of a gateway but its database, its bus, its configuration and its server. */
export const gatewayParts = {
  controllers: [
    StateController,
    BeatController,
    StandingController,
    ChannelController,
    PingController,
    KeyController,
    LeavingController,
    NodeKeyController,
    EnrolmentController,
    RegistrationController,
    ChainController,
    AdminController,
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
    KeyFailures,
    NodeKeyCalls,
    ReachedMesh,
    EventStreams,
    GoneNodes,
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
    IssuerViews,
    ClientViews,
    IssuerNames,
    ClientCredentials,
    CallingClients,
    Peers,
    TokenSigners,
    OperatorCommands,
    DisableKey,
    ...ISSUER_DOORS,
    {
      provide: RAW_ROUTES,
      useFactory: (jwks: RawRoute, events: RawRoute, ...doors: IssuerDoor[]) => [
        jwks,
        events,
        ...doors.flatMap(routesTo),
      ],
      inject: [JwksRoute, EventsRoute, ...ISSUER_DOORS],
    },
  ],
} satisfies ModuleMetadata;

@Module({})
export class GatewayModule {
  static with(config: GatewayConfig, database: Pool): DynamicModule {
    return {
      module: GatewayModule,
      ...gatewayParts,
      providers: [
        ...gatewayParts.providers,
        { provide: GatewayConfig, useValue: config },
        ...closedLast(Pool, database),
      ],
    };
  }
}
