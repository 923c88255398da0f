/** A command's end of the socket. */
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { EdgeError } from '../edge-error';
import { AGENT_SOCKET, askLine, MOST_ANSWER_BYTES, readAnswer, type AgentAsk } from './agent-protocol';
import { readLine } from './read-line';

/** A change asks a gateway, moves a connection, and confirms; each may be asked for again while a gateway is away. */
const ANSWERED_WITHIN_MS = 120_000;

/** Of where no agent runs: none ever has, or it was killed and left its socket behind. */
const NOBODY = ['ENOENT', 'ECONNREFUSED'];

/**
 * Undefined where no agent runs.
 * @throws EdgeError: what the agent refused by, `agent_silent`, `agent_malformed`; what the system throws
 */
export async function askAgent(folder: string, ask: AgentAsk): Promise<unknown> {
  const socket = await connectTo(join(folder, AGENT_SOCKET));
  if (socket === undefined) return undefined;
  try {
    socket.write(askLine(ask));
    const line = await readLine(socket, MOST_ANSWER_BYTES, ANSWERED_WITHIN_MS);
    if (line === undefined) throw new EdgeError('agent_silent');
    return readAnswer(line);
  } finally {
    socket.destroy();
  }
}

function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      // What goes wrong from here on ends the socket, and that is seen.
      socket.removeAllListeners('error').on('error', () => socket.destroy());
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      NOBODY.includes(error.code ?? '') ? resolve(undefined) : reject(error),
    );
  });
}
