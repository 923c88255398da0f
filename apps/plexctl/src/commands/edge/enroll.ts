import { hostname } from 'node:os';
import { isNodeName } from '@plexsphere/wire';
import type { EdgeStatus } from '@plexsphere/edge';
import type { BusEnrolment } from '@plexsphere/node-sdk';
import { command, type Invocation, type Values } from '../../command';
import { misuse } from '../../failure';
import { readSmallFile } from '../../small-file';
import { checkGateways, GATEWAY_FLAGS, gatewayMembers } from '../channel/gateways';
import { NAME_FLAG } from '../flag-definitions';
import { explained } from './edge-failure';
import { ENROL_TOKEN_FLAGS, readEnrolToken } from './enrol-token';
import { folderOf, STATE_FLAGS } from './state-flag';
import { statusText } from './status-lines';

const FLAGS = {
  gateway: {
    ...GATEWAY_FLAGS.gateway,
    summary: 'where the platform is reached, now and later; repeat it for more (default: PLEXSPHERE_GATEWAY_URL)',
  },
  'gateway-ca-file': GATEWAY_FLAGS['gateway-ca-file'],
  ...ENROL_TOKEN_FLAGS,
  name: { ...NAME_FLAG, summary: 'what the Node is called (default: the name of this host)' },
  adopt: { value: 'file', summary: 'the enrolment file of plexctl node add, whose Node this host is to go on as' },
  replace: { summary: 'put aside what this host holds of another Node, which goes on being that one' },
  ...STATE_FLAGS,
} as const;

type EnrollFlags = Values<typeof FLAGS>;

export const enrollHost = command({
  path: ['edge', 'enroll'],
  about: `Makes a key here, has a gateway enrol this host with it by the token of plexctl node enroll-token, and keeps what it is
    told in a folder for its owner alone: the key, the token that is bound to it, where the mesh is reached, whom the Node
    trusts. Without an answer the same command with the same token is answered the same for ten minutes. Then plexctl edge
    run, or the edge agent as a service, is that Node.

    --adopt takes a Node that plexctl node add has enrolled: it stays what it is, its key is changed once, and what the
    file says is good for nothing from then on. So stop whoever runs by that file, and delete it.`,
  flags: FLAGS,
  examples: [
    'plexctl edge enroll --gateway https://gateway.example.com --enroll-token-file edge-7.token --name edge-7',
    'plexctl edge enroll --gateway http://127.0.0.1:8080 --enroll-token-file - < edge-7.token',
    'plexctl edge enroll --gateway https://gateway.example.com --adopt edge-7.node.json',
  ],
  asks: 'nobody',
  check: checkFlags,

  async run(invocation) {
    const { flags, insecure, env, terminal } = invocation;
    const gateway = flags.gateway.length > 0 ? flags.gateway : [env['PLEXSPHERE_GATEWAY_URL'] ?? ''];
    if (gateway[0] === '') throw misuse('--gateway is required', 'gateways', 'or set PLEXSPHERE_GATEWAY_URL');
    const where = gatewayMembers({ gateway, 'gateway-ca-file': flags['gateway-ca-file'] }, insecure);
    const folder = folderOf(flags.state);
    const status = await enrolled(invocation, {
      ...{ folder, gateways: [...where.gateways], allowPlaintext: insecure },
      ...(where.gateway_ca === undefined ? {} : { gatewayCa: where.gateway_ca }),
    });
    if (flags.adopt !== undefined) terminal.note(`${flags.adopt} is good for nothing any more: delete it`);
    terminal.note(`plexctl edge run${flags.state === undefined ? '' : ` --state ${folder}`} has it listen`);
    return { text: statusText(status), document: status };
  },
});

function checkFlags(flags: EnrollFlags): void {
  checkGateways(flags);
  const { adopt, 'enroll-token-file': token, name, replace } = flags;
  if (adopt === undefined || (token === undefined && name === undefined && !replace)) return;
  throw misuse(
    '--adopt goes on as a Node that there is',
    'adopt',
    'leave out --enroll-token-file, --name and --replace: they are for another Node',
  );
}

/** An enrolment has a bundle, a credential, and perhaps certificates. */
const MOST_BYTES = 262_144;

interface Mesh {
  folder: string;
  gateways: string[];
  gatewayCa?: string;
  allowPlaintext: boolean;
}

async function enrolled(invocation: Invocation<typeof FLAGS>, mesh: Mesh): Promise<EdgeStatus> {
  const { adopt, replace, name = hostname(), 'enroll-token-file': tokenFile } = invocation.flags;
  const { adoptNode, DEFAULT_KEEP_OLD_MS, enrolByToken } = await import('@plexsphere/edge');
  if (adopt !== undefined) {
    const enrolment = await readAdopted(adopt);
    return explained(adoptNode({ ...mesh, enrolment, keepOldMs: DEFAULT_KEEP_OLD_MS }));
  }
  if (!isNodeName(name)) throw misuse(`--name is required: this host is called ${name}`, 'name', NAME_FLAG.expected);
  const token = await readEnrolToken(tokenFile, invocation);
  return explained(enrolByToken({ ...mesh, token, name, replace }));
}

async function readAdopted(path: string): Promise<BusEnrolment> {
  const { NodeSdkError, parseEnrolment } = await import('@plexsphere/node-sdk');
  const text = readSmallFile(path, { flag: 'adopt', mostBytes: MOST_BYTES, isSecret: true });
  try {
    const enrolment = parseEnrolment(text);
    if ('busCredential' in enrolment && enrolment.channel === undefined) return enrolment;
  } catch (error) {
    if (!(error instanceof NodeSdkError)) throw error;
    throw misuse('--adopt is no enrolment file', error.about || 'adopt', 'name the file that plexctl node add wrote');
  }
  const hint = 'a Node over HTTP shows its bearer token, and a member of a channel keeps the file that it was given';
  throw misuse('--adopt is of no Node on the bus', 'adopt', hint);
}
