import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { problem } from '@plexsphere/wire';
import type { AddNodes as AddRequest, AddNodesReply, BusJwtReply, IssueBusCredential } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { Signers } from '../leases/signers';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { nodeScopes } from '../transactions/scope-lock';
import { writeAudits } from '../transactions/write-audit';
import { Joining, insertStreams, requirePresent, type StartingBundle } from './joining';

type Request = Pick<AddRequest, 'scope' | 'nodes'>;

/** One that is to be enrolled, or is already by this very key, with its credential. */
interface Credentialed {
  nodeId: string;
  name: string;
  busPublicKey: string;
  busJwt: string;
  isThere: boolean;
}

interface HandedOut extends StartingBundle {
  credentialed: Credentialed[];
  /** Names that others have. */
  taken: string[];
}

/** Asked of the signers at a time: they have others to sign for. */
const SIGNED_AT_ONCE = 16;

/**
 * Enrols many Nodes at once, as `AddNode` does one: one bundle, one transaction, one lock. Who is enrolled by the same key
 * already gets a credential again, so that whoever lost an answer asks again; by another key a name is taken, which holds up
 * none of the others.
 */
@Injectable()
export class AddNodes {
  constructor(
    private readonly database: DataSource,
    private readonly start: Joining,
    private readonly signers: Signers,
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem unknownScope; nodeExists where a key was another's, or a name was taken meanwhile: then none is enrolled */
  add(joining: Request, identity: RequestIdentity): Promise<AddNodesReply> {
    return this.transactions.oncePrepared(identity, {
      prepare: () => this.handOut(joining),
      lock: () => ({ shared: nodeScopes(joining.scope) }),
      work: (manager, handedOut) => this.commit(manager, joining, handedOut, identity),
    });
  }

  private async handOut({ scope, nodes }: Request): Promise<HandedOut> {
    const starting = await this.start.bundleFor(scope);
    const enrolled = await readEnrolled(
      this.database.manager,
      scope,
      nodes.map(({ name }) => name),
    );
    const isTaken = ({ name, bus_public_key: key }: Request['nodes'][number]): boolean =>
      enrolled.has(name) && enrolled.get(name)?.busPublicKey !== key;
    const credentialed: Credentialed[] = [];
    const joining = nodes.filter((node) => !isTaken(node));
    for (let next = 0; next < joining.length; next += SIGNED_AT_ONCE) {
      const some = joining.slice(next, next + SIGNED_AT_ONCE).map(async ({ name, bus_public_key: busPublicKey }) => {
        const there = enrolled.get(name);
        const nodeId = there?.id ?? randomUUID();
        return {
          ...{ nodeId, name, busPublicKey, isThere: there !== undefined },
          busJwt: await this.credential({ kind: 'node', id: nodeId, name, public_key: busPublicKey }),
        };
      });
      credentialed.push(...(await Promise.all(some)));
    }
    return { ...starting, credentialed, taken: nodes.filter(isTaken).map(({ name }) => name) };
  }

  private async credential(request: IssueBusCredential): Promise<string> {
    const { jwt } = await this.signers.askAny<BusJwtReply>('issue-bus-credential', request);
    return jwt;
  }

  private async commit(
    manager: EntityManager,
    { scope }: Request,
    { credentialed, taken, ...starting }: HandedOut,
    identity: RequestIdentity,
  ): Promise<AddNodesReply> {
    const epochs = await requirePresent(manager, scope, starting);
    await requireStillThere(manager, scope, credentialed);
    const added = credentialed.filter(({ isThere }) => !isThere);
    if (added.length > 0) {
      await insertNodes(manager, scope, added);
      await insertStreams(
        manager,
        scope,
        added.map(({ nodeId }) => nodeId),
        epochs,
      );
      const joined = added.map(({ nodeId, name }) => ({ node_id: nodeId, name }));
      await writeAudits(manager, identity, scope, joined);
    }
    this.logger.info({ scope, added: added.length, taken: taken.length, epoch: epochs.epoch }, 'nodes added');
    return {
      scope,
      bundle: starting.bundle,
      nodes: credentialed.map(({ nodeId, name, busJwt, isThere }) => ({
        ...{ node_id: nodeId, name, bus_jwt: busJwt },
        added: !isThere,
      })),
      taken,
    };
  }
}

interface Enrolled {
  id: string;
  name: string;
  busPublicKey: string | null;
}

/**
 * Of one that changes its key itself (`edge`) no key is shown: its tokens end by themselves, and a credential that does not
 * would outlast the revocation of the key, which is kept for as long as they do.
 */
async function readEnrolled(
  manager: EntityManager,
  scope: string,
  names: readonly string[],
): Promise<Map<string, Enrolled>> {
  const rows = await manager.query<Enrolled[]>(
    `SELECT id, name,
            CASE WHEN NOT EXISTS (SELECT FROM ring.node_key AS key WHERE key.node_id = node.id)
                 THEN bus_public_key END AS "busPublicKey"
       FROM ring.node AS node WHERE scope = $1 AND name = ANY ($2) AND state = 'enrolled'`,
    [scope, names],
  );
  return new Map(rows.map((row) => [row.name, row]));
}

/** Whoever was removed since, or has changed its key, gets nothing by the old one. */
async function requireStillThere(manager: EntityManager, scope: string, nodes: readonly Credentialed[]): Promise<void> {
  const there = nodes.filter(({ isThere }) => isThere);
  if (there.length === 0) return;
  const enrolled = await readEnrolled(
    manager,
    scope,
    there.map(({ name }) => name),
  );
  const gone = there.find(({ name, busPublicKey }) => enrolled.get(name)?.busPublicKey !== busPublicKey);
  if (gone !== undefined) throw problem('nodeExists', { field: 'bus_public_key', name: gone.name });
}

/** The index decides, as for one Node: two of one name may be at it at once. */
async function insertNodes(manager: EntityManager, scope: string, nodes: readonly Credentialed[]): Promise<void> {
  const keys = nodes.map(({ busPublicKey }) => busPublicKey);
  const mine = await manager.query<{ public_key: string }[]>(
    'INSERT INTO ring.bus_user (public_key) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING RETURNING public_key',
    [keys],
  );
  refuseOther(nodes, new Set(mine.map((row) => row.public_key)), ({ busPublicKey }) => busPublicKey, 'bus_public_key');
  const inserted = await manager.query<{ name: string }[]>(
    `INSERT INTO ring.node (id, scope, name, bus_public_key)
     SELECT id, $1, name, key FROM unnest($2::uuid[], $3::text[], $4::text[]) AS joining (id, name, key)
     ON CONFLICT (scope, name) WHERE state = 'enrolled' DO NOTHING RETURNING name`,
    [scope, nodes.map(({ nodeId }) => nodeId), nodes.map(({ name }) => name), keys],
  );
  refuseOther(nodes, new Set(inserted.map((row) => row.name)), ({ name }) => name, 'name');
}

function refuseOther(
  nodes: readonly Credentialed[],
  mine: ReadonlySet<string>,
  valueOf: (node: Credentialed) => string,
  field: string,
): void {
  const other = nodes.find((node) => !mine.has(valueOf(node)));
  if (other !== undefined) throw problem('nodeExists', { field, name: other.name });
}
