import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Server as HttpsServer } from 'node:https';
import { Loop, type Logger } from '@plexsphere/service-kit';

/** A certificate is renewed days before it ends: soon enough. */
const LOOK_EVERY_MS = 5_000;

interface Pair {
  cert: Buffer;
  key: Buffer;
}

/**
 * Certificate and key, from files that somebody renews. Both are looked at again and again; what does not go together (one
 * of two files that are being replaced) is left alone until it does, and connections that are open stay.
 */
export class TlsFiles {
  private used: Pair;
  private readonly loop: Loop;

  /** @throws Error where the files hold no certificate and its key */
  constructor(
    private readonly files: { certFile: string; keyFile: string },
    private readonly logger: Logger,
  ) {
    this.used = this.read();
    createSecureContext(this.used);
    this.loop = new Loop({
      turn: async () => this.look(),
      everyMs: LOOK_EVERY_MS,
      failure: 'certificate not taken: the one of before stays',
      logger,
    });
  }

  present(): Pair {
    return this.used;
  }

  /** Gives what is renewed to the server. */
  follow(server: HttpsServer): void {
    this.server = server;
    this.loop.start(LOOK_EVERY_MS);
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private server: HttpsServer | undefined;

  private look(): void {
    const found = this.read();
    if (found.cert.equals(this.used.cert) && found.key.equals(this.used.key)) return;
    createSecureContext(found);
    this.server?.setSecureContext(found);
    this.used = found;
    this.logger.info({ certificate: fingerprint(found.cert) }, 'certificate taken');
  }

  private read(): Pair {
    return { cert: readFileSync(this.files.certFile), key: readFileSync(this.files.keyFile) };
  }
}

/** Of the file, so that somebody can tell which one is used. */
const fingerprint = (cert: Buffer): string => createHash('sha256').update(cert).digest('hex').slice(0, 16);
