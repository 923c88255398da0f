import { Controller } from '@nestjs/common';
import type { Status, StatusReply } from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { StatusReader } from './status-reader';

/** How far each ring's signers and Nodes have come. */
@Controller()
export class StatusController {
  constructor(private readonly reader: StatusReader) {}

  @Handles('signing.status')
  status({ scope }: Status, asked: Asked): Promise<StatusReply> {
    return this.reader.status(scope ?? undefined, asked.visibleScopes(scope), asked.operator);
  }
}
