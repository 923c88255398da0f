import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What the fake does about one request. */
export type Reaction =
  | { reply: unknown }
  | { text: string }
  | { problem: Record<string, unknown> & { code: string; detail: string } }
  | 'nobody'
  | 'silence'
  | 'hang up'
  | 'forbid';

export interface Request {
  subject: string;
  body: Record<string, unknown>;
}

const INFO = { server_id: 'FAKE', version: '2.9.10', proto: 1, headers: true, max_payload: 1_048_576, nonce: 'n' };

/** Speaks as much of the bus's protocol as one requester needs, so that a test decides what happens to each request. */
export class FakeBus {
  readonly requests: Request[] = [];
  connections = 0;
  /** Subscriptions that are open. */
  subscriptions = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(
    private readonly react: (request: Request, count: number) => Reaction | Promise<Reaction>,
    private readonly admits = true,
  ) {
    this.server = createServer((socket) => this.serve(socket));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    let received = '';
    let inbox = { subject: '', sid: '' };
    socket.on('error', () => socket.destroy());
    socket.write(`INFO ${JSON.stringify(INFO)}\r\n`);
    socket.on('data', (bytes) => {
      received += bytes.toString();
      for (let end = received.indexOf('\r\n'); end >= 0; end = received.indexOf('\r\n')) {
        const [verb, ...words] = received.slice(0, end).split(' ');
        const length = verb === 'PUB' ? Number(words.at(-1)) : -2;
        if (received.length < end + 4 + length) return;
        const payload = received.slice(end + 2, end + 2 + Math.max(length, 0));
        received = received.slice(end + 4 + length);
        if (verb === 'PING') socket.write(this.admits ? 'PONG\r\n' : "-ERR 'Authorization Violation'\r\n");
        if (verb === 'SUB') inbox = { subject: words[0] ?? '', sid: words[1] ?? '' };
        if (verb === 'SUB') this.subscriptions += 1;
        if (verb === 'UNSUB') this.subscriptions -= 1;
        if (verb === 'PUB') void this.answer(socket, inbox, { subject: words[0] ?? '', body: JSON.parse(payload) });
      }
    });
  }

  private async answer(socket: Socket, inbox: { subject: string; sid: string }, request: Request): Promise<void> {
    this.requests.push(request);
    const reaction = await this.react(request, this.requests.length);
    const send = (headers: string, body: string): void => {
      const text = `NATS/1.0${headers}\r\n\r\n`;
      socket.write(`HMSG ${inbox.subject} ${inbox.sid} ${text.length} ${text.length + Buffer.byteLength(body)}\r\n`);
      socket.write(`${text}${body}\r\n`);
    };
    if (reaction === 'silence') return;
    if (reaction === 'hang up') socket.destroy();
    else if (reaction === 'forbid')
      socket.write(`-ERR 'Permissions Violation for Publish to "${request.subject}"'\r\n`);
    else if (reaction === 'nobody') send(' 503', '');
    else if ('reply' in reaction) send('', JSON.stringify(reaction.reply));
    else if ('text' in reaction) send('', reaction.text);
    else send(`\r\nNats-Service-Error-Code: ${reaction.problem.code}`, JSON.stringify(reaction.problem));
  }
}
