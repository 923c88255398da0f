import { Module, type DynamicModule } from '@nestjs/common';
import { leaseHolding } from '@plexsphere/lease-holder';
import { AnyVerbsController } from './any-verbs.controller';
import { ChannelVerbsController } from './channels/channel-verbs.controller';
import { KeyLoader } from './keys/key-loader';
import { KeyMaker } from './keys/key-maker';
import { Material } from './keys/material';
import { LoadKeyController } from './load-key.controller';
import { ScopeVerbsController } from './scope-verbs.controller';
import { SigningVerbs } from './sign/signing-verbs';
import { StatementMaker } from './sign/statement-maker';
import { BatchSealer } from './sign/batch-sealer';
import { SignerHolder } from './signer-holder';
import { StatementVerbsController } from './statement-verbs.controller';
import { TokenHorizons } from './tokens/token-horizons';
import { TokenMaker } from './tokens/token-maker';
import { TokenVerbs } from './tokens/token-verbs';

@Module({})
export class SignerModule {
  /** `material` is open before the bus is dialled: a signer with the wrong KEK never gets that far. */
  static over(material: Material): DynamicModule {
    const leases = leaseHolding(SignerHolder);
    return {
      module: SignerModule,
      providers: [
        { provide: Material, useValue: material },
        ...[KeyLoader, KeyMaker, StatementMaker, BatchSealer, SigningVerbs, TokenHorizons, TokenMaker, TokenVerbs],
        ...leases.providers,
      ],
      controllers: [
        LoadKeyController,
        ScopeVerbsController,
        StatementVerbsController,
        ChannelVerbsController,
        AnyVerbsController,
        ...leases.controllers,
      ],
    };
  }
}
