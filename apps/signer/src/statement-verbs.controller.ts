import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { subjects } from '@plexsphere/wire';
import {
  GenerateKey,
  MakeStatement,
  PrepareStatement,
  type GenerateKeyReply,
  type MakeStatementReply,
  type PrepareStatementReply,
} from '@plexsphere/wire/commands';
import { StatementMaker } from './sign/statement-maker';

/** What proves changes of rings. The first two are heard only while the lease of who vouches is held. */
@Controller()
export class StatementVerbsController {
  constructor(private readonly statements: StatementMaker) {}

  @MessagePattern(subjects.scopeSigner('*', 'generate-key'), { joined: true })
  generateKey(@Payload(validated(GenerateKey)) request: GenerateKey): Promise<GenerateKeyReply> {
    return this.statements.generateKey(request);
  }

  @MessagePattern(subjects.scopeSigner('*', 'make-statement'), { joined: true })
  makeStatement(@Payload(validated(MakeStatement)) request: MakeStatement): Promise<MakeStatementReply> {
    return this.statements.makeStatement(request);
  }

  @MessagePattern(subjects.anySigner('prepare-statement'), { joined: true })
  prepareStatement(@Payload(validated(PrepareStatement)) request: PrepareStatement): Promise<PrepareStatementReply> {
    return this.statements.prepareStatement(request);
  }
}
