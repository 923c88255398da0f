import { Module, type DynamicModule } from '@nestjs/common';
import { AnyVerbsController } from './any-verbs.controller';
import { KeyLoader } from './keys/key-loader';
import { KeyMaker } from './keys/key-maker';
import { Material } from './keys/material';
import { HolderController } from './holder.controller';
import { DatabaseClock } from './lease/database-clock';
import { LeaseKeeper } from './lease/lease-keeper';
import { LeaseTable } from './lease/lease-table';
import { ScopeMembership } from './lease/scope-membership';
import { SigningGuard } from './lease/signing-guard';
import { ScopeVerbsController } from './scope-verbs.controller';

@Module({})
export class SignerModule {
  /** `material` is open before the bus is dialled: a signer with the wrong KEK never gets that far. */
  static over(material: Material): DynamicModule {
    return {
      module: SignerModule,
      providers: [
        { provide: Material, useValue: material },
        { provide: LeaseTable, useValue: new LeaseTable() },
        KeyLoader,
        KeyMaker,
        DatabaseClock,
        ScopeMembership,
        LeaseKeeper,
        SigningGuard,
      ],
      controllers: [HolderController, ScopeVerbsController, AnyVerbsController],
    };
  }
}
