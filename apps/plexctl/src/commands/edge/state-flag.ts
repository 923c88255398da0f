/** Where the edge agent's unit has it as well. */
const USUAL = '/var/lib/plexsphere/edge';

export const STATE_FLAGS = {
  state: { value: 'dir', summary: `the folder of this host's Node (default: ${USUAL})` },
} as const;

export const folderOf = (state: string | undefined): string => state ?? USUAL;
