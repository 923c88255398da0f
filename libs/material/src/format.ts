import { DatabaseForm } from '@plexsphere/wire';
import { Material1700000000001 } from './migrations/1700000000001-material';
import type { Sql } from './key-store';

export const MATERIAL_FORM = new DatabaseForm('material', [Material1700000000001], 'MaterialFormat1700000000099');

/** For a signer, at its start. @throws Problem databaseFormat */
export const requireMaterialFormat = (database: Sql): Promise<void> => MATERIAL_FORM.require(database);
