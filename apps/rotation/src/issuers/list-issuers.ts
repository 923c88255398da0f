import type { IssuerEntity } from '@plexsphere/store';
import type { IssuerSummary } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';

export interface IssuerRow extends Pick<IssuerEntity, 'scope' | 'url' | 'isDefault' | 'createdAt'> {
  activeKeyId: string;
  standbyKeyId: string | null;
  /** Whether a rotation is open. */
  open: boolean;
}

/** The default one first. */
export const listIssuers = (manager: EntityManager, scopes: Scopes): Promise<IssuerRow[]> =>
  manager.query(
    `SELECT issuer.scope, issuer.url, issuer.is_default AS "isDefault", issuer.created_at AS "createdAt",
            active.key_id AS "activeKeyId", staged.key_id AS "standbyKeyId", transition.id IS NOT NULL AS open
       FROM ring.issuer AS issuer
       JOIN ring.signing_key AS active ON active.scope = issuer.scope AND active.state = 'active'
       LEFT JOIN ring.signing_key AS staged ON staged.scope = issuer.scope AND staged.state = 'staged'
       LEFT JOIN ring.transition AS transition ON transition.scope = issuer.scope AND transition.outcome IS NULL
      WHERE $1::text[] IS NULL OR issuer.scope = ANY ($1)
      ORDER BY NOT issuer.is_default, issuer.scope`,
    [scopes],
  );

export const issuerSummary = (row: IssuerRow): IssuerSummary => ({
  ...{ scope: row.scope, url: row.url, default: row.isDefault },
  ...{ active_key_id: row.activeKeyId, standby_key_id: row.standbyKeyId, open: row.open },
  created_at: row.createdAt.toISOString(),
});
