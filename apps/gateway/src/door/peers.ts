import type { IncomingMessage } from 'node:http';
import { isIP, type BlockList } from 'node:net';
import { Injectable } from '@nestjs/common';
import { GatewayConfig } from '../gateway-config';
import { contains, networksOf } from './trusted-proxies';

/** An IPv4 address as a socket for both has it. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

type Come = Pick<IncomingMessage, 'headers'> & { socket: { remoteAddress?: string | undefined } };

/** Where a call comes from, behind those proxies that are trusted to say so and no further. */
@Injectable()
export class Peers {
  private readonly trusted: BlockList | undefined;

  constructor({ trustedProxies }: GatewayConfig) {
    this.trusted = trustedProxies === '' ? undefined : networksOf(trustedProxies);
  }

  /**
   * An address. Each proxy adds to the end whom it was called by, so it is read from there: whatever stands before the first
   * that is not trusted anybody may have written.
   */
  of({ socket, headers }: Come): string {
    let peer = (socket.remoteAddress ?? '').replace(MAPPED, '');
    if (this.trusted === undefined) return peer;
    const said = String(headers['x-forwarded-for'] ?? '').split(',');
    for (const each of said.reverse()) {
      if (!contains(this.trusted, peer)) return peer;
      const before = each.trim().replace(MAPPED, '');
      if (isIP(before) === 0) return peer;
      peer = before;
    }
    return peer;
  }
}
