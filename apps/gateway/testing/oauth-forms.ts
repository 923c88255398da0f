/** For specs: what a client of an issuer sends. */
import type { GatewayWorld } from './gateway-world';

export const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
});

export const postForm = (
  world: GatewayWorld,
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> => world.get(path, { method: 'POST', body: new URLSearchParams(form), headers });

export const askToken = (
  world: GatewayWorld,
  [id, secret]: readonly [string, string],
  { at = '/issuers/web', headers = {} as Record<string, string>, ...form }: TokenAsked = {},
): Promise<Response> =>
  postForm(
    world,
    `${at}/oauth2/token`,
    { grant_type: 'client_credentials', ...(form as Record<string, string>) },
    {
      ...basic(id, secret),
      ...headers,
    },
  );

interface TokenAsked {
  at?: string;
  headers?: Record<string, string>;
  scope?: string;
  resource?: string;
}

export const toldOf = async (answer: Response): Promise<[number, string | undefined]> => [
  answer.status,
  ((await answer.json()) as { error?: string; code?: string }).error,
];
