import type { NodeReference } from '@plexsphere/wire/commands';
import type { Values } from '../../command';
import { misuse } from '../../failure';
import { NAME_FLAG, MESH_SCOPE_FLAG, UUID_FLAG } from '../flag-definitions';

/** The flags by which a command names one Node, and the request that they make. */
export const NODE_FLAGS = {
  'node-id': { ...UUID_FLAG, summary: 'the Node, by its id' },
  scope: { ...MESH_SCOPE_FLAG, required: false, summary: 'the Node, by its scope and --name' },
  name: { ...NAME_FLAG, summary: 'the Node, by its name in --scope' },
} as const;

type NodeFlags = Values<typeof NODE_FLAGS>;

export function checkReference({ 'node-id': id, scope, name }: NodeFlags): void {
  const isByName = scope !== undefined && name !== undefined;
  const isMixed = id !== undefined && (scope !== undefined || name !== undefined);
  if ((id !== undefined || isByName) && !isMixed) return;
  throw misuse('either --node-id, or --scope and --name, is required', 'node_id', 'plexctl node list shows them all');
}

export function referenceOf({ 'node-id': id, scope, name }: NodeFlags): NodeReference {
  if (id !== undefined) return { node_id: id };
  return { ...(scope === undefined ? {} : { scope }), ...(name === undefined ? {} : { name }) };
}

/** As it was written, for a hint that names the command to run next. */
export const writtenReference = ({ 'node-id': id, scope, name }: NodeFlags): string =>
  id === undefined ? `--scope ${scope} --name ${name}` : `--node-id ${id}`;
