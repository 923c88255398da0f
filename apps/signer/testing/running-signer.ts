/** A signer in this process on a real bus and a real database, with a rotation that says what a spec wants. */
import { Writable } from 'node:stream';
import 'reflect-metadata';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Bus, BusServer, Health, LOGGER, NestLogger, ProblemFilter } from '@plexsphere/service-kit';
import { subjects, type RingView } from '@plexsphere/wire';
import type { RenewLease, RenewLeaseReply } from '@plexsphere/wire/commands';
import type { NatsConnection, Subscription } from 'nats';
import { pino } from 'pino';
import type { Material } from '../src/keys/material';
import { SignerModule } from '../src/signer.module';
import { publicKeyOf } from '@plexsphere/testkit';

@Global()
@Module({})
class ProcessModule {}

export interface RunningSigner {
  bus: Bus;
  /** Every log line so far. */
  log: () => Record<string, unknown>[];
  stop: () => Promise<void>;
}

export async function runSigner(connection: NatsConnection, material: Material): Promise<RunningSigner> {
  let text = '';
  const sink = new Writable({ write: (chunk, _, done) => ((text += String(chunk)), done()) });
  const logger = pino({ level: 'debug' }, sink);
  const server = new BusServer(connection, 'signer');
  const bus = new Bus(connection);
  const shared: DynamicModule = {
    module: ProcessModule,
    providers: [
      { provide: LOGGER, useValue: logger },
      { provide: Health, useValue: new Health() },
      { provide: Bus, useValue: bus },
      { provide: BusServer, useValue: server },
    ],
    exports: [LOGGER, Health, Bus, BusServer],
  };
  @Module({ imports: [shared, SignerModule.over(material)] })
  class ServiceModule {}
  const app = await NestFactory.createMicroservice(ServiceModule, { strategy: server, logger: new NestLogger(logger) });
  app.useGlobalFilters(new ProblemFilter(logger));
  await app.listen();
  return {
    bus,
    log: () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    stop: () => app.close(),
  };
}

/** Grants what is present and shows the rest, as rotation does. */
export class FakeRotation {
  rings: RingView[] = [];
  asked: RenewLease[] = [];
  private lastHolder = '';
  private subscription: Subscription | undefined;

  constructor(
    private readonly connection: NatsConnection,
    readonly leaseMs: number,
  ) {}

  get holder(): string {
    return this.lastHolder;
  }

  listen(): void {
    this.subscription = this.connection.subscribe(subjects.renewLease('signer', '*'), {
      callback: (_, message) => {
        const request = message.json<RenewLease>();
        this.asked.push(request);
        this.lastHolder = message.subject.split('.').at(-1) ?? '';
        const granted = this.rings.filter(({ scope, epoch }) => request.epochs[scope] === epoch);
        const reply: RenewLeaseReply = {
          lease_ms: this.leaseMs,
          now: new Date().toISOString(),
          granted: granted.map(({ scope }) => scope),
          rings: this.rings.filter((ring) => !granted.includes(ring)),
          recovery_public_key: publicKeyOf('recovery'),
        };
        message.respond(JSON.stringify(reply));
      },
    });
  }

  fallSilent(): void {
    this.subscription?.unsubscribe();
  }

  /** Commits these rings in place of those of the same scopes, and tells of it. */
  show(...rings: RingView[]): void {
    const scopes = new Set(rings.map(({ scope }) => scope));
    this.rings = [...this.rings.filter(({ scope }) => !scopes.has(scope)), ...rings];
    for (const { scope, epoch } of rings) {
      this.connection.publish(subjects.ringChanged, JSON.stringify({ scope, epoch }));
    }
  }

  confirmed(scope: string, epoch: number): boolean {
    return this.asked.some(({ epochs }) => epochs[scope] === epoch);
  }
}
