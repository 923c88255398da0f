import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import type { EnrolledNode } from '@plexsphere/wire/commands';
import { GatewayConfig } from '../gateway-config';

/** Where a Node reaches the mesh: what it is told beside rotation's answer. */
@Injectable()
export class ReachedMesh {
  constructor(private readonly config: GatewayConfig) {}

  /** The certificates are read anew each time: they are replaced under the gateway. */
  async read(): Promise<Pick<EnrolledNode, 'servers' | 'bus_ca' | 'gateways'>> {
    const { natsUrl, busCaFile, nodeBusServers, nodeBusCaFile, nodeGateways } = this.config;
    const caFile = nodeBusCaFile || busCaFile;
    return {
      servers: (nodeBusServers || natsUrl).split(','),
      ...(caFile !== '' && { bus_ca: await readFile(caFile, 'utf8') }),
      gateways: nodeGateways.split(',').filter((each) => each !== ''),
    };
  }
}
