import { Controller } from '@nestjs/common';
import { IssuerEntity } from '@plexsphere/store';
import { problem, type Scope } from '@plexsphere/wire';
import type {
  ClientView,
  CreateClient,
  DeleteClient,
  DeleteClientReply,
  ListClients,
  ListClientsReply,
  OfClient,
  RotateClientSecret,
} from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { policyOf } from '../rings/read-ring';
import { Clients } from './clients';
import { listClients, readClient } from './read-client';

@Controller()
export class ClientController {
  constructor(
    private readonly database: DataSource,
    private readonly clients: Clients,
  ) {}

  @Handles('client.create')
  async create(request: CreateClient, { identity }: Asked): Promise<ClientView> {
    requireTokens(request.scope);
    // One way to prove who it is: of two nobody would know which was stolen.
    if (request.secret_hash !== undefined && request.keys !== undefined) {
      throw problem('invariantViolation', { field: 'secret_hash' });
    }
    return this.clients.create(request, identity);
  }

  /** @throws Problem unknownScope: an issuer that is misspelt would seem to have no clients */
  @Handles('client.list')
  async list({ scope, after }: ListClients): Promise<ListClientsReply> {
    const { manager } = this.database;
    if (!(await manager.existsBy(IssuerEntity, { scope }))) throw problem('unknownScope', { field: 'scope' });
    return listClients(manager, scope, after);
  }

  @Handles('client.show')
  show({ scope, client_id }: OfClient): Promise<ClientView> {
    return readClient(this.database.manager, scope, client_id);
  }

  @Handles('client.rotate-secret')
  rotateSecret(request: RotateClientSecret, { identity }: Asked): Promise<ClientView> {
    return this.clients.rotateSecret(request, identity);
  }

  @Handles('client.delete')
  delete({ scope, client_id }: DeleteClient, { identity }: Asked): Promise<DeleteClientReply> {
    return this.clients.delete(scope, client_id, identity);
  }
}

/** @throws Problem invariantViolation where keys of such a ring sign no tokens */
function requireTokens(scope: Scope): void {
  const { signs } = policyOf(scope);
  if (!signs.includes('token')) throw problem('invariantViolation', { field: 'scope', signs });
}
