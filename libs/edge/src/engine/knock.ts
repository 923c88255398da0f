/** Whether the bus lets the Node in by a credential: where no agent runs there is no connection to move. */
import { dialOptions, readBusCredential } from '@plexsphere/bus-client';
import { dialBus } from '@plexsphere/bus-client/connect';
import { inboxPrefix } from '@plexsphere/wire';
import { NatsError } from 'nats';
import { EdgeError } from '../edge-error';
import { busCredentialOf, type Creds } from '../folder/creds';
import type { Identity } from '../folder/identity';

const DIAL_TIMEOUT_MS = 5_000;

/** @throws EdgeError not_moved */
export async function knock({ nodeId, name, servers, busCa, allowPlaintext }: Identity, creds: Creds): Promise<void> {
  const credential = readBusCredential(busCredentialOf(creds));
  const dial = dialOptions({
    ...{ servers, name },
    credential: () => credential,
    inboxPrefix: inboxPrefix({ kind: 'node', id: nodeId }),
    ca: busCa,
    insecure: allowPlaintext,
  });
  try {
    const connection = await dialBus({ ...dial, reconnect: false, timeout: DIAL_TIMEOUT_MS });
    await connection.close();
  } catch (error) {
    throw new EdgeError('not_moved', error instanceof NatsError ? error.code : String(error));
  }
}
