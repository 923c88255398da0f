import { Controller } from '@nestjs/common';
import type { ListAudit, ListAuditReply } from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { AuditReader } from './audit-reader';

@Controller()
export class AuditController {
  constructor(private readonly audit: AuditReader) {}

  @Handles('audit.list')
  list(request: ListAudit, asked: Asked): Promise<ListAuditReply> {
    return this.audit.list(request, asked.visibleScopes(request.scope), asked.operator);
  }
}
