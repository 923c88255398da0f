import { Injectable } from '@nestjs/common';
import { placeIssuer } from '@plexsphere/keyring';
import { IssuerEntity } from '@plexsphere/store';
import { isAtRoot, isIssuerUrl, problem, type AlgorithmName, type Scope } from '@plexsphere/wire';
import type { CreateIssuerReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { CreateRing, type NewIssuer } from '../rings/create-ring';
import { orProblem } from '../rings/refusal-problem';
import type { RequestIdentity } from '../transactions/requests';

export interface IssuerToCreate {
  scope: Scope;
  url: string;
  algorithm: AlgorithmName | undefined;
  asDefault: boolean;
}

/** An issuer is a ring, and what its tokens name. */
@Injectable()
export class CreateIssuer {
  constructor(private readonly rings: CreateRing) {}

  async create(asked: IssuerToCreate, identity: RequestIdentity): Promise<CreateIssuerReply> {
    const { scope, url, algorithm } = asked;
    if (!isIssuerUrl(url, scope)) throw problem('invariantViolation', { field: 'url' });
    const own = algorithm === undefined ? {} : { algorithm };
    const refusal = { name: 'issuerExists', field: 'scope' } as const;
    const issuer = (manager: EntityManager) => place(manager, asked);
    const { issuer: placed, ...ring } = await this.rings.create({ scope, own, issuer, refusal }, identity);
    const { keyId: key_id, algorithm: made, epoch } = ring;
    const root = { default: placed?.isDefault === true, default_before: placed?.unseats ?? null };
    return { scope, url, ...root, key_id, algorithm: made, epoch };
  }
}

/** @throws Problem issuerExists, invariantViolation */
async function place(manager: EntityManager, { scope, url, asDefault }: IssuerToCreate): Promise<NewIssuer> {
  const present = await manager.find(IssuerEntity);
  if (present.some((issuer) => issuer.url === url)) throw problem('issuerExists', { field: 'url' });
  const places = present.map((each) => ({
    scope: each.scope,
    isDefault: each.isDefault,
    isAtRoot: isAtRoot(each.url),
  }));
  const placed = orProblem(() => placeIssuer(places, { scope, asDefault, isAtRoot: isAtRoot(url) }));
  return { url, isDefault: placed.isDefault, unseats: placed.unseats };
}
