import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readEnrolment, type BusEnrolment } from '@plexsphere/node-sdk';
import type { Ran } from '@plexsphere/stack';
import { authenticatorOf, refusal } from '@plexsphere/testkit';
import {
  HTTP_COMMANDS,
  headers,
  inboxPrefix,
  subjects,
  type BusUser,
  type Command,
  createBusKey,
  credsText,
} from '@plexsphere/wire';
import type { CreateToken, CreateTokenReply } from '@plexsphere/wire/commands';
import { connect, type NatsConnection } from 'nats';
import { SuiteNode } from '../../src/suite-node';
import type { World } from '../../src/world';

/** Somebody with a real credential, and no client of ours that would keep them from trying things. */
export interface Person {
  id: string;
  creds: string;
  /** Secrets that must stand nowhere. */
  bearer?: string;
  /** For plexctl. */
  file: string;
}

export interface Answer {
  code: string;
  body: Record<string, unknown>;
}

const folderOf = (world: World): string => join(dirname(world.stack.tokenFile), '..', 'people');

/** The files that the bring-up left. */
export const bootstrapFile = (world: World, name: string): Promise<string> =>
  readFile(join(dirname(world.stack.tokenFile), name), 'utf8');

/** A connection that stays as the server leaves it: what is cut stays cut. */
export async function dial(world: World, creds: string, user: BusUser): Promise<NatsConnection> {
  const connection = await connect({
    servers: world.stack.natsUrl,
    authenticator: authenticatorOf(creds),
    inboxPrefix: inboxPrefix(user),
    reconnect: false,
  });
  world.afterwards(() => connection.close());
  return connection;
}

export const dialAs = (world: World, person: Person): Promise<NatsConnection> =>
  dial(world, person.creds, { kind: 'operator', id: person.id });

/** Tries each, and returns those that the server let through. */
export async function allowed(
  connection: NatsConnection,
  tried: { hear?: string[]; say?: string[] },
): Promise<string[]> {
  const through: string[] = [];
  for (const subject of tried.hear ?? []) {
    const hear = () => void connection.subscribe(subject, { callback: () => undefined });
    if ((await refusal(connection, hear).catch(() => '')) !== `subscription ${subject}`)
      through.push(`hear ${subject}`);
  }
  for (const subject of tried.say ?? []) {
    const say = () => connection.publish(subject, '{}');
    if ((await refusal(connection, say).catch(() => '')) !== `publish ${subject}`) through.push(`say ${subject}`);
  }
  return through;
}

/** What has a token signed, says of tokens when they end, or changes an issuer's keys. */
export const ofIssuers = (): string[] => [
  subjects.scopeSigner('issuer:web', 'sign-jwt'),
  subjects.anySigner('token-horizon'),
  ...HTTP_COMMANDS.map((name) => subjects.httpCommand(name)),
];

/** The admin of the bring-up. */
export async function admin(world: World): Promise<Person> {
  const file = world.stack.tokenFile;
  const token = JSON.parse(await readFile(file, 'utf8')) as Record<'operator' | 'bus_credential' | 'bearer', string>;
  return { id: token.operator, creds: token.bus_credential, bearer: token.bearer, file };
}

/** One command, as any client could send it. */
export async function ask(connection: NatsConnection, person: Person, name: Command, body: object): Promise<Answer> {
  const reply = await connection.request(subjects.command(person.id, name), JSON.stringify(body), { timeout: 10_000 });
  return { code: reply.headers?.get(headers.errorCode) || 'OK', body: reply.json() };
}

export async function askAs(world: World, person: Person, name: Command, body: object): Promise<Answer> {
  const connection = await dialAs(world, person);
  try {
    return await ask(connection, person, name, body);
  } finally {
    await connection.close();
  }
}

type Wanted = Pick<CreateToken, 'name' | 'role'> & Partial<CreateToken>;

/** A token as plexctl would have it made; remembered under its name. */
export async function makeToken(world: World, wanted: Wanted): Promise<Person> {
  const key = createBusKey('user');
  const bearer = randomBytes(32).toString('base64url');
  const bearer_hash = createHash('sha256').update(bearer).digest('hex');
  const answer = await askAs(world, await admin(world), 'token.create', {
    bus_public_key: key.publicKey,
    bearer_hash,
    ...wanted,
  });
  expect(answer).toMatchObject({ code: 'OK', body: { name: wanted.name } });
  const { id, bus_jwt } = answer.body as unknown as CreateTokenReply;
  const creds = credsText(bus_jwt, key.seed);
  const file = join(folderOf(world), `${wanted.name}.token`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify({ operator: id, bus_credential: creds, bearer }), { mode: 0o600 });
  return remember(world, wanted.name, { id, creds, bearer, file });
}

/** A Node, enrolled by the admin's plexctl; its credential under its name, its client among the world's Nodes. */
export async function makeNode(world: World, scope: string, name: string): Promise<Person> {
  await mkdir(folderOf(world), { recursive: true, mode: 0o700 });
  const file = join(folderOf(world), `${name}.node.json`);
  expect((await world.plexctl(['node', 'add', '--scope', scope, '--name', name, '--out', file])).exitCode).toBe(0);
  world.nodes.push(new SuiteNode(name, file, join(folderOf(world), `${name}.store`)));
  const { nodeId, busCredential } = (await readEnrolment(file)) as BusEnrolment;
  return remember(world, name, { id: nodeId, creds: busCredential, file });
}

export async function plexctlAs(world: World, person: Person, args: string[]): Promise<Ran> {
  const ran = await world.plexctl(args, undefined, { PLEXSPHERE_TOKEN_FILE: person.file });
  said(world).push(ran.stdout, ran.stderr);
  return ran;
}

/** Everything that plexctl has told anybody in this story. */
export const said = (world: World): string[] => remembered(world, 'said', []);

export const people = (world: World): Map<string, Person> => remembered(world, 'people', new Map<string, Person>());

export function known(world: World, name: string): Person {
  const person = people(world).get(name);
  if (person === undefined) throw new Error(`nobody called ${name} yet`);
  return person;
}

function remember(world: World, name: string, person: Person): Person {
  people(world).set(name, person);
  return person;
}

function remembered<T>(world: World, name: string, first: T): T {
  if (!world.kept.has(name)) world.kept.set(name, first);
  return world.kept.get(name) as T;
}
