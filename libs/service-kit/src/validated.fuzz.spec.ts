import 'reflect-metadata';
import { FUZZ_TIMEOUT_MS, fuzz } from '@plexsphere/testkit';
import { Problem } from '@plexsphere/wire';
import * as commands from '@plexsphere/wire/commands';
import { validated } from './validated';

const UUID = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
const SCOPE = `domain:${UUID}`;
const BUS_KEY = `U${'A'.repeat(55)}`;
const HASH = 'ab'.repeat(32);

/** One good body of each kind of request that anybody may send. */
const BODIES: [new () => object, object][] = [
  [commands.Rotate, { scope: SCOPE, new_key_id: 'k-2', reason: 'monthly', request_id: UUID }],
  [commands.Close, { scope: SCOPE, old_key_id: 'k-1', new_key_id: 'k-2', force: true }],
  [commands.OfScope, { scope: 'platform' }],
  [commands.Sign, { scope: SCOPE, payload: { a: [1, { b: 'c' }] } }],
  [commands.Verify, { scope: SCOPE, jws: 'a.b.c' }],
  [commands.CreateDomain, { id: UUID, key_id: 'k-1' }],
  [commands.AddNode, { scope: SCOPE, name: 'edge-1', bus_public_key: BUS_KEY }],
  [commands.RemoveNode, { scope: SCOPE, name: 'edge-1' }],
  [commands.Publish, { scope: SCOPE, event_type: 'route_updated', payload: '{"a":1.0}' }],
  [commands.CreateToken, { name: 'ops', role: 'viewer', scopes: [SCOPE], bus_public_key: BUS_KEY, bearer_hash: HASH }],
  [commands.RevokeToken, { id: UUID }],
  [commands.PlanClose, { scope: SCOPE, old_key_id: 'k-1' }],
  [commands.History, { scope: SCOPE, limit: 20 }],
  [commands.ListNodes, { scope: SCOPE, after: UUID }],
];

test(
  'the body of a command',
  () => {
    const pipes = BODIES.map(([Class]) => validated(Class));
    return fuzz({
      samples: BODIES.map(([, body]) => JSON.stringify(body)),
      parse: async (text) => {
        const body: unknown = JSON.parse(text);
        const taken = await Promise.all(
          pipes.map(async (pipe) => ({ pipe, body: await pipe.transform(body, { type: 'body' }).catch(refused) })),
        );
        return taken.filter((each) => each.body !== undefined);
      },
      // Bad JSON never comes so far; what comes is refused by name.
      refuses: (error) => error instanceof SyntaxError,
      accepted: async (taken) => {
        for (const { pipe, body } of taken) {
          const again: unknown = JSON.parse(JSON.stringify(body));
          expect(JSON.stringify(await pipe.transform(again, { type: 'body' }))).toBe(JSON.stringify(again));
        }
      },
    });
  },
  FUZZ_TIMEOUT_MS,
);

function refused(error: unknown): undefined {
  if (error instanceof Problem && error.code === 'INVALID_ARGUMENT' && typeof error.body.field === 'string') return;
  throw error;
}
