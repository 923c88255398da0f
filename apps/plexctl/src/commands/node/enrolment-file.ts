import { credsText } from '@plexsphere/wire';
import type { Bus } from '../../command';

/** Who was enrolled, and whom it trusts first. */
interface Enrolled {
  node_id: string;
  scope: string;
  name: string;
  bundle: string;
}

/** What the file of a Node has beside it, by how the Node comes in: as the SDK reads it. */
type Access = Readonly<Record<string, unknown>>;

/** Of a Node on the bus: the same address as plexctl's own. */
export const busAccess = ({ endpoint, ca }: Pick<Bus, 'endpoint' | 'ca'>, jwt: string, seed: string): Access => ({
  servers: [endpoint.text],
  ...(ca === undefined ? {} : { bus_ca: ca }),
  bus_credential: credsText(jwt, seed),
});

export const enrolmentText = ({ node_id, scope, name, bundle }: Enrolled, access: Access, more: object = {}): string =>
  `${JSON.stringify({ node_id, scope, name, ...access, bundle, ...more }, null, 2)}\n`;
