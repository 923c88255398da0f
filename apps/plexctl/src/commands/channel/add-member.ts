import { bearerHash, createBusKey, makeBearer, makeSealingPair, PLATFORM } from '@plexsphere/wire';
import type { AddMember, AddMemberReply } from '@plexsphere/wire/commands';
import { command, type Invocation } from '../../command';
import { oneRow } from '../../render';
import { reserveSecretFile, type Done } from '../../secret-file';
import { NAME_FLAG } from '../flag-definitions';
import { busAccess, enrolmentText } from '../node/enrolment-file';
import { SIDE_FLAG, SLUG_FLAG } from './channel-flags';
import { checkGateways, GATEWAY_FLAGS, gatewayMembers } from './gateways';

const FLAGS = {
  slug: SLUG_FLAG,
  side: { ...SIDE_FLAG, summary: 'of the channel: which service it is of' },
  name: {
    ...NAME_FLAG,
    summary: 'of the member, a Node of the platform; each replica is a member of its own',
    required: true,
  },
  out: { value: 'file', summary: 'the enrolment file (default: ./<name>.node.json); never overwritten' },
  sink: { summary: 'it writes the secrets for somebody who cannot embed the SDK' },
  ...GATEWAY_FLAGS,
} as const;

export const addMember = command({
  path: ['channel', 'add-member'],
  about: `Makes the member's credential and the key pair that secrets are sealed to here, has it enrolled with the public
    halves, and writes the enrolment file: credential, trust bundle, address, and what opens the secrets. The file is the
    member's secret. Carry it there and delete it here; it is not written twice.

    The member is told the secrets of both directions as soon as it is there, each sealed to it. One that verifies counts at
    once: a key that is staged waits for its proof, too. Over HTTP, with --gateway, it has a bearer token in the place of
    the bus credential, of which only the SHA-256 is sent.`,
  flags: FLAGS,
  examples: [
    'plexctl channel add-member --slug payments --side web --name web-1 --out web-1.json',
    'plexctl channel add-member --slug payments --side bank --name bank-1 --gateway https://gateway.example.com',
    'plexctl channel add-member --slug payments --side bank --name partner --sink --out partner.json',
  ],
  asks: 'bus',

  check(flags) {
    checkGateways(flags);
  },

  async run(invocation) {
    const { flags, bus, terminal } = invocation;
    const { slug, side, name, out, sink } = flags;
    const secrets = secretsOf(invocation);
    const file = reserveSecretFile(out ?? `./${name}.node.json`);
    try {
      const sealing = makeSealingPair();
      const request: AddMember = {
        ...{ slug, side, name, ...secrets.request, sealing_public_key: sealing.publicKey },
        ...(sink ? { sink: true } : {}),
      };
      const reply = await bus.change('channel.add-member', request, ifUnknown(slug, name));
      const channel = { slug, side, sealing_private_key: sealing.privateKey, ...(sink ? { sink: true } : {}) };
      const enrolled = { ...reply, scope: PLATFORM };
      file.write(enrolmentText(enrolled, secrets.access(reply), { channel }), added(slug, reply.node_id));
      terminal.note(`when it has started: plexctl channel verify --slug ${slug} shows what it holds`);
      const document = { node_id: reply.node_id, slug, side, name, sink: reply.sink, file: file.path };
      return { text: oneRow({ ...document, sink: reply.sink ? 'yes' : 'no' }), document };
    } finally {
      file.release();
    }
  },
});

/** What the member shows who it is by, and what of it is sent. */
function secretsOf({ flags, bus, insecure }: Invocation<typeof FLAGS>): {
  request: Pick<AddMember, 'bus_public_key' | 'bearer_hash'>;
  access: (reply: AddMemberReply) => Readonly<Record<string, unknown>>;
} {
  if (flags.gateway.length > 0) {
    const bearer = makeBearer();
    const gateways = gatewayMembers(flags, insecure);
    return { request: { bearer_hash: bearerHash(bearer) }, access: () => ({ ...gateways, bearer }) };
  }
  const { publicKey, seed } = createBusKey('user');
  return {
    request: { bus_public_key: publicKey },
    access: ({ bus_jwt: jwt }) => busAccess(bus, jwt ?? '', seed),
  };
}

const ifUnknown = (slug: string, name: string): string =>
  `plexctl channel show --slug ${slug} shows ${name} if it was added; nobody has its file then: ` +
  `plexctl channel remove-member --slug ${slug} --name ${name}, and add it again`;

const added = (slug: string, nodeId: string): Done => ({
  detail: 'the member is added, its file is not written',
  members: { node_id: nodeId },
  hint: `nobody has its credential: plexctl channel remove-member --slug ${slug} --node-id ${nodeId}, and add it again`,
});
