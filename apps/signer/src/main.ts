/**
 * The signer: the only process that can sign. It keeps private keys, wrapped in its own schema, and builds what it signs
 * from typed fields. It must not decide a transition, sign bytes that a caller hands it, or know rotation's schema.
 */
import { runService } from '@plexsphere/service-kit';
import { openMaterial, type Material } from './keys/material';
import { SignerConfig } from './signer-config';
import { SignerModule } from './signer.module';

let material: Material;

void runService({
  name: 'signer',
  config: SignerConfig,
  prepare: async (config, logger) => {
    material = await openMaterial(config, logger);
  },
  module: () => SignerModule.over(material),
  query: (statement) => material.database.query(statement),
});
