/** For so long a client waits for any answer. */
export const PATIENCE_MS = 30_000;

export interface Answer {
  status: number;
  body: string;
}

export async function call(
  ...[url, method, path, bearer, body, stopping]: [string, string, string, string, object?, AbortSignal?]
): Promise<Answer> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      'accept-encoding': 'gzip',
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: stopping === undefined ? patience : AbortSignal.any([patience, stopping]),
  });
  return { status: response.status, body: await response.text() };
}
