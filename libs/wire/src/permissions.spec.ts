import { COMMAND_NAMES, HTTP_COMMANDS, isHttpCommand } from './commands/table';
import { inboxPrefix, type BusUser } from './inbox';
import { accountPusherPermissions, busPermissions } from './permissions';
import { SERVICE_NAMES } from './services';
import { NODE_KEY_VERBS, subjects } from './subjects';

const id = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
const another = '0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b2';
const strangers: BusUser[] = [
  { kind: 'node', id },
  { kind: 'operator', id },
];
const services: BusUser[] = SERVICE_NAMES.map((kind) => ({ kind }));

/** S1: whose inboxes a service may publish to. */
const ANSWERED: Record<string, string[]> = {
  rotation: ['_INBOX.operator.>', '_INBOX.signer.>', '_INBOX.gateway.>', '_INBOX.node.>'],
  signer: ['_INBOX.rotation.>', '_INBOX.outbox-relay.>', '_INBOX.gateway.>'],
  'outbox-relay': [],
  gateway: [],
};

/** NATS: `*` is one token, `>` is one or more at the end. */
const matches = (pattern: string, subject: string): boolean => {
  const tokens = subject.split('.');
  const parts = pattern.split('.');
  const open = parts.at(-1) === '>';
  if (open ? tokens.length < parts.length : tokens.length !== parts.length) return false;
  return parts.every((part, index) => part === '>' || part === '*' || part === tokens[index]);
};
const may = (patterns: string[], subject: string): boolean => patterns.some((pattern) => matches(pattern, subject));

describe.each(strangers)('$kind', (user) => {
  const { publish, subscribe } = busPermissions(user);

  test.each([
    '$JS.API.INFO',
    '$JS.API.CONSUMER.CREATE.EVENTS',
    '$JS.API.STREAM.MSG.GET.EVENTS',
    '$KV.leases.x',
    '$SYS.REQ.CLAIMS.UPDATE',
    '$SYS.ACCOUNT.A.CONNECT',
  ])('has no right to %s', (subject) => {
    expect(may([...publish, ...subscribe], subject)).toBe(false);
  });

  test('has no pattern whose first token is a wildcard or the server’s own', () => {
    expect([...publish, ...subscribe].filter((pattern) => /^(?:\*|>|\$)/.test(pattern))).toEqual([]);
  });

  test('does not publish to an inbox, not even its own', () => {
    expect(publish.filter((pattern) => pattern.startsWith('_INBOX'))).toEqual([]);
  });

  test('hears its own inbox and no other', () => {
    expect(may(subscribe, `${inboxPrefix(user)}.x`)).toBe(true);
    expect(may(subscribe, `${inboxPrefix({ ...user, id: another } as BusUser)}.x`)).toBe(false);
    for (const service of services) expect(may(subscribe, `${inboxPrefix(service)}.x`)).toBe(false);
  });

  test.each([
    subjects.eventsOut(id),
    subjects.nodeEvents(id),
    subjects.renewLease('signer', 'signer-0'),
    subjects.ringChanged,
    subjects.outboxChanged,
    subjects.anySigner('destroy-key'),
    subjects.scopeSigner('platform', 'sign-jws'),
    subjects.thatSigner('signer-0', 'load-key'),
    subjects.nodeHello(another),
    subjects.nodeAck(another),
    subjects.command(another, 'signing.rotate'),
  ])('does not publish %s', (subject) => {
    expect(may(publish, subject)).toBe(false);
  });
});

test('a Node hears its own events and nobody else’s', () => {
  const { subscribe, publish } = busPermissions({ kind: 'node', id });
  expect(may(subscribe, subjects.nodeEvents(id))).toBe(true);
  expect(may(subscribe, subjects.nodeEvents(another))).toBe(false);
  expect(may(publish, subjects.nodeHello(id)) && may(publish, subjects.nodeAck(id))).toBe(true);
});

test('a Node hears orders where its token is bound to its Node key, its own alone, and gives none', () => {
  const { subscribe, publish } = busPermissions({ kind: 'node', id, hasNodeKey: true });
  expect(may(subscribe, subjects.nodeOrder(id))).toBe(true);
  expect(may(subscribe, subjects.nodeOrder(another))).toBe(false);
  expect(may(publish, subjects.nodeOrder(id))).toBe(false);
  const { subscribe: withoutKey } = busPermissions({ kind: 'node', id });
  expect(may(withoutKey, subjects.nodeOrder(id))).toBe(false);
  expect(services.filter((user) => may(busPermissions(user).publish, subjects.nodeOrder(id)))).toEqual([
    { kind: 'rotation' },
  ]);
  expect(services.filter((user) => may(busPermissions(user).subscribe, subjects.nodeOrder(id)))).toEqual([]);
});

test('what a Node says of its key only a gateway carries, and only rotation hears', () => {
  for (const verb of NODE_KEY_VERBS) {
    const subject = subjects.httpNodeKey(id, verb);
    const everybody = [...strangers, { kind: 'node', id, hasNodeKey: true } as const, ...services];
    expect(everybody.filter((user) => may(busPermissions(user).publish, subject))).toEqual([{ kind: 'gateway' }]);
    expect(everybody.filter((user) => may(busPermissions(user).subscribe, subject))).toEqual([{ kind: 'rotation' }]);
  }
});

test('an operator commands in its own name', () => {
  const { publish } = busPermissions({ kind: 'operator', id });
  expect(may(publish, subjects.command(id, 'signing.rotate'))).toBe(true);
});

describe.each(services)('$kind', (service) => {
  const { publish, subscribe } = busPermissions(service);

  test('S1: answers those alone who may ask it, creates no consumer, and has no right under $KV and $SYS', () => {
    const answered = publish.filter((pattern) => pattern.startsWith('_INBOX'));
    expect(answered).toEqual(ANSWERED[service.kind]);
    for (const subject of [
      '_INBOX.x.y',
      `${inboxPrefix(service)}.x`,
      '$JS.API.CONSUMER.CREATE.EVENTS',
      '$KV.x.y',
      '$SYS.REQ.CLAIMS.UPDATE',
    ]) {
      expect(may(publish, subject)).toBe(false);
    }
  });

  test('hears its own inbox and nobody’s else', () => {
    expect(may(subscribe, `${inboxPrefix(service)}.x`)).toBe(true);
    for (const other of [...services, ...strangers].filter((user) => user !== service)) {
      expect(may(subscribe, `${inboxPrefix(other)}.x`)).toBe(false);
    }
  });
});

test('only rotation asks signers to make, load and destroy keys', () => {
  const asks = (user: BusUser): boolean => {
    const { publish } = busPermissions(user);
    return (
      may(publish, subjects.anySigner('destroy-key')) || may(publish, subjects.scopeSigner('platform', 'generate-key'))
    );
  };
  expect(services.filter(asks)).toEqual([{ kind: 'rotation' }]);
});

test('a gateway publishes the commands that are offered over HTTP and no other, and nobody else does', () => {
  const { publish } = busPermissions({ kind: 'gateway' });
  const commands = publish.filter((subject) => /^(cmd|http\.command)\b/.test(subject));
  expect(commands.sort()).toEqual(HTTP_COMMANDS.map(subjects.httpCommand).sort());
  const others = COMMAND_NAMES.filter((name) => !isHttpCommand(name)).map((name) => `http.command.${name}`);
  for (const subject of [...others, 'http.command', 'http.command.signing', 'http.command.signing.stage.x']) {
    expect([subject, may(publish, subject)]).toEqual([subject, false]);
  }
  const asks = (user: BusUser) =>
    HTTP_COMMANDS.some((name) => may(busPermissions(user).publish, subjects.httpCommand(name)));
  expect([...strangers, ...services].filter(asks)).toEqual([{ kind: 'gateway' }]);
  expect(services.filter((user) => may(busPermissions(user).subscribe, subjects.httpCommand('signing.stage')))).toEqual(
    [{ kind: 'rotation' }],
  );
});

test('the account pusher touches one account’s claims only', () => {
  const { publish } = accountPusherPermissions('ACCOUNT');
  expect(may(publish, '$SYS.REQ.ACCOUNT.ACCOUNT.CLAIMS.LOOKUP')).toBe(true);
  expect(may(publish, '$SYS.REQ.ACCOUNT.OTHER.CLAIMS.LOOKUP')).toBe(false);
});
