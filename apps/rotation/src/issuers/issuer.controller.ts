import { Controller } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import type {
  CreateIssuer as CreateRequest,
  CreateIssuerReply,
  ImportKey as ImportRequest,
  ImportKeyReply,
  IssuerListReply,
  IssuerReply,
  Nothing,
  PlanImport,
  PlanImportReply,
  ShowIssuer,
} from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { existing, readRing } from '../rings/read-ring';
import { RotationConfig } from '../rotation-config';
import { Rotator } from '../rotator/rotator';
import { readSnapshot } from '../transactions/database-clock';
import { CreateIssuer } from './create-issuer';
import { ImportKey } from './import-key';
import { issuerReply } from './issuer-reply';
import { issuerSummary, listIssuers } from './list-issuers';

@Controller()
export class IssuerController {
  constructor(
    private readonly database: DataSource,
    private readonly createIssuer: CreateIssuer,
    private readonly importing: ImportKey,
    private readonly rotator: Rotator,
    private readonly config: RotationConfig,
  ) {}

  @Handles('issuer.create')
  async create(request: CreateRequest, { identity }: Asked): Promise<CreateIssuerReply> {
    const { scope, url, algorithm, default: asDefault = false } = request;
    const created = await this.createIssuer.create({ scope, url, algorithm, asDefault }, identity);
    this.rotator.lookAt(scope);
    return created;
  }

  @Handles('issuer.import')
  import({ reason, ...asked }: ImportRequest, { identity }: Asked): Promise<ImportKeyReply> {
    return this.importing.import(asked, reason ?? null, identity);
  }

  @Handles('issuer.plan-import')
  planImport(asked: PlanImport, { operator }: Asked): Promise<PlanImportReply> {
    return this.importing.plan(asked, operator);
  }

  @Handles('issuer.list')
  list(_: Nothing, { operator }: Asked): Promise<IssuerListReply> {
    return readSnapshot(this.database, async (manager) => ({
      issuers: (await listIssuers(manager, operator.scopes)).map(issuerSummary),
    }));
  }

  /** @throws Problem unknownScope */
  @Handles('issuer.show')
  show({ scope }: ShowIssuer): Promise<IssuerReply> {
    return readSnapshot(this.database, async (manager, now) => {
      const [row] = await listIssuers(manager, [scope]);
      if (row === undefined) throw problem('unknownScope', { field: 'scope' });
      return issuerReply(row, await existing(readRing(manager, scope)), this.config, now);
    });
  }
}
