import { Injectable } from '@nestjs/common';
import { problem, type RingView, type Scope } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { RotationConfig } from '../rotation-config';
import { snapshotRing } from './read-ring';
import { ringView } from './ring-view';
import { requireAccepted } from './scope-profile';

@Injectable()
export class RingReader {
  constructor(
    private readonly database: DataSource,
    private readonly config: RotationConfig,
  ) {}

  /**
   * The present ring, from the primary: never cached, so that after a close nothing names the retired key.
   * @throws Problem invariantViolation, unknownScope
   */
  async view(scope: Scope): Promise<RingView> {
    requireAccepted(scope, this.config);
    const stored = await snapshotRing(this.database, scope);
    if (stored === undefined) throw problem('unknownScope', { field: 'scope' });
    return ringView(stored);
  }
}
