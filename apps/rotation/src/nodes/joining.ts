/** What a Node starts with, however it comes in: what it is handed is what it was told. */
import { Injectable } from '@nestjs/common';
import { KeyRingEntity, NodeStreamEntity, readsStatements, type Listens } from '@plexsphere/store';
import { PLATFORM, problem, type Scope } from '@plexsphere/wire';
import type { SignBundle, SignBundleReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import { Signers } from '../leases/signers';

export interface Epochs {
  epoch: number;
  platformEpoch: number;
}

/** A trust bundle, and the epochs of both rings that it was made at. */
export interface StartingBundle {
  bundle: string;
  epochs: Epochs;
}

@Injectable()
export class Joining {
  constructor(
    private readonly database: DataSource,
    private readonly signers: Signers,
  ) {}

  /** @throws Problem unknownScope, epochWentBack; as the signer answered */
  async bundleFor(scope: Scope): Promise<StartingBundle> {
    const epochs = await presentEpochs(this.database.manager, scope);
    const request: Omit<SignBundle, 'duration_ms'> = {
      scope,
      epoch: epochs.epoch,
      platform_epoch: epochs.platformEpoch,
    };
    const { bundle } = await this.signers.ask<SignBundleReply>(PLATFORM, 'sign-bundle', request, isBundle);
    return { bundle, epochs };
  }
}

const isBundle = ({ bundle }: Partial<SignBundleReply>): boolean => typeof bundle === 'string';

/** @throws Problem unknownScope, epochWentBack */
export async function presentEpochs(manager: EntityManager, scope: Scope): Promise<Epochs> {
  const ring = await manager.findOneBy(KeyRingEntity, { scope });
  const platform = await manager.findOneBy(KeyRingEntity, { scope: PLATFORM });
  if (ring === null || platform === null) throw problem('unknownScope', { field: 'scope' });
  if (await hasLaterStatement(manager, scope)) throw problem('epochWentBack');
  return { epoch: ring.epoch, platformEpoch: platform.epoch };
}

/**
 * Under the scope's lock. @throws Problem epochMismatch where a ring has changed since the bundle was made: another one is;
 * as `presentEpochs`
 */
export async function requirePresent(
  manager: EntityManager,
  scope: Scope,
  { epochs }: StartingBundle,
): Promise<Epochs> {
  const { epoch, platformEpoch } = await presentEpochs(manager, scope);
  if (epoch !== epochs.epoch || platformEpoch !== epochs.platformEpoch) throw problem('epochMismatch', { epoch });
  return epochs;
}

/** As `insertStream`, of many on the bus. */
export const insertStreams = (
  manager: EntityManager,
  scope: Scope,
  nodeIds: readonly string[],
  epochs: Epochs,
): Promise<unknown> =>
  manager.insert(
    NodeStreamEntity,
    nodeIds.map((nodeId) => streamOf({ nodeId, scope, listens: 'bus' }, epochs)),
  );

/** Told and settled at these epochs. Its stream waits for a state where that is how it learns of its keys. */
export const insertStream = (manager: EntityManager, node: JoiningStream, epochs: Epochs): Promise<unknown> =>
  manager.insert(NodeStreamEntity, streamOf(node, epochs));

interface JoiningStream {
  nodeId: string;
  scope: Scope;
  listens: Listens;
}

const streamOf = ({ nodeId, scope, listens }: JoiningStream, { epoch, platformEpoch }: Epochs) => ({
  ...{ nodeId, scope, listens, toldEpoch: epoch, settledEpoch: epoch },
  ...{ toldPlatformEpoch: platformEpoch, settledPlatformEpoch: platformEpoch },
  ...(!readsStatements(listens) && { waitsSince: () => 'clock_timestamp()' }),
});
