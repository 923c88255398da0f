import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { storeOptions } from '@plexsphere/store';
import { CreateDomain } from './domains/create-domain';
import { DomainController } from './domains/domain.controller';
import { EventsController } from './events/events.controller';
import { PublishEvent } from './events/publish-event';
import { LeaseBook } from './leases/lease-book';
import { LeaseController } from './leases/lease.controller';
import { AddNode } from './nodes/add-node';
import { NodeController } from './nodes/node.controller';
import { OperatorGuard } from './operators/operator.guard';
import { RingReader } from './rings/ring-reader';
import type { RotationConfig } from './rotation-config';
import { CloseRotation } from './rotator/close-rotation';
import { OpenRotation } from './rotator/open-rotation';
import { Preparation } from './rotator/preparation';
import { ResumeLoop } from './rotator/resume-loop';
import { Switch } from './rotator/switch';
import { Unfinished } from './rotator/unfinished';
import { SigningController } from './signing/signing.controller';

@Module({})
export class RotationModule {
  static with(config: RotationConfig): DynamicModule {
    return {
      module: RotationModule,
      imports: [
        TypeOrmModule.forRoot({
          ...storeOptions(config.databaseUrl, 'rotation'),
          // A database that is down at boot is waited for: readiness says so meanwhile.
          retryAttempts: Number.MAX_SAFE_INTEGER,
          retryDelay: 500,
        }),
      ],
      controllers: [SigningController, DomainController, NodeController, EventsController, LeaseController],
      providers: [
        OperatorGuard,
        LeaseBook,
        RingReader,
        Preparation,
        Switch,
        Unfinished,
        OpenRotation,
        CloseRotation,
        ResumeLoop,
        CreateDomain,
        AddNode,
        PublishEvent,
      ],
    };
  }
}
