/** The agent's end of the socket in its state folder. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { EdgeError } from '../edge-error';
import { AGENT_SOCKET, answerLine, MOST_ASK_BYTES, readAsk, refusalOf, type AgentAsk } from './agent-protocol';
import { readLine } from './read-line';

/** Commands are typed by people: more at once are a mistake of some script. */
const MOST_CONNECTIONS = 16;
/** From the connection to the end of the line. */
const ASKED_WITHIN_MS = 5_000;
/** How long whoever asked may take to read the answer. */
const READ_WITHIN_MS = 5_000;
/** How long what is being answered holds up the end. */
const CLOSED_WITHIN_MS = 10_000;
/** What the address of a socket has room for on every system, with the byte that ends it. */
const MOST_PATH_BYTES = 103;

type Answers = (ask: AgentAsk) => Promise<unknown>;

export class AgentDoor {
  private readonly sockets = new Set<Socket>();
  private readonly answering = new Set<Promise<void>>();

  private constructor(
    private readonly server: Server,
    private readonly answers: Answers,
  ) {
    server.maxConnections = MOST_CONNECTIONS;
    server.on('connection', (socket) => this.take(socket));
  }

  /**
   * For whoever holds the folder's lock: a socket that is found there is left over.
   * @throws EdgeError `socket_path_too_long`; what the file system throws
   */
  static async open(folder: string, answers: Answers): Promise<AgentDoor> {
    const path = join(folder, AGENT_SOCKET);
    if (Buffer.byteLength(path) > MOST_PATH_BYTES) throw new EdgeError('socket_path_too_long', path);
    rmSync(path, { force: true });
    const server = createServer({ allowHalfOpen: true });
    const door = new AgentDoor(server, answers);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => resolve());
    });
    // Until here the folder alone, which is 0700, has kept others out.
    chmodSync(path, 0o600);
    return door;
  }

  /** Takes no more asks; what is being answered is answered first, where that takes no longer than 10 s. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    await within(CLOSED_WITHIN_MS, Promise.all(this.answering));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private take(socket: Socket): void {
    this.sockets.add(socket);
    // Whoever asked has gone: what they asked for is done all the same.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.sockets.delete(socket));
    void this.hear(socket);
  }

  private async hear(socket: Socket): Promise<void> {
    const line = await readLine(socket, MOST_ASK_BYTES, ASKED_WITHIN_MS);
    const ask = line === undefined ? undefined : readAsk(line);
    if (ask === undefined) return void socket.destroy();
    const answered = this.answer(socket, ask).finally(() => this.answering.delete(answered));
    this.answering.add(answered);
  }

  private async answer(socket: Socket, ask: AgentAsk): Promise<void> {
    const said = await this.answers(ask).then((answer) => ({ answer }), refusalOf);
    socket.setTimeout(READ_WITHIN_MS, () => socket.destroy());
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      if (socket.destroyed) resolve();
      else socket.end(answerLine(said), () => resolve());
    });
  }
}

async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([promise, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
