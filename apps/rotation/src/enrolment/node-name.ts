/** What a Node is called that says its hostname, whatever that is: by the grammar of names, and at most as long. */

const MOST_CHARACTERS = 63;

/** Every character that no name has becomes a hyphen; a name begins with a letter or digit. */
export function nodeName(hostname: string): string {
  const name = hostname.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[._-]+/, '');
  return name === '' ? 'node' : name.slice(0, MOST_CHARACTERS);
}

/** Where that one is taken: with the beginning of the Node's id, which is drawn at random. */
export function nodeNameBeside(hostname: string, nodeId: string): string {
  const suffix = `-${nodeId.slice(0, 8)}`;
  return `${nodeName(hostname).slice(0, MOST_CHARACTERS - suffix.length)}${suffix}`;
}
