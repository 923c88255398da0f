import { ServiceConfig, Variable } from '@plexsphere/service-kit';

export class SignerConfig extends ServiceConfig {
  /** The key-encryption key: 32 bytes in base64, in a 0600 file that bootstrap made. */
  @Variable('KEK_FILE')
  kekFile: string;
}
