import { BlockList, isIP } from 'node:net';

const NETWORK = /^([0-9A-Fa-f.:]+?)(?:\/(\d{1,3}))?$/;

/** Addresses and networks as a setting lists them: `10.0.0.7,192.168.0.0/16,fd00::/8`. undefined where one is none. */
export function networksOf(text: string): BlockList | undefined {
  const networks = new BlockList();
  for (const each of text.split(',').filter((part) => part !== '')) {
    const [, address = '', bits] = NETWORK.exec(each.trim()) ?? [];
    const version = isIP(address);
    if (version === 0 || Number(bits ?? 0) > (version === 4 ? 32 : 128)) return undefined;
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) networks.addAddress(address, family);
    else networks.addSubnet(address, Number(bits), family);
  }
  return networks;
}

export function contains(networks: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && networks.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
