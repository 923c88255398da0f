import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const leases = `SELECT count(*)::int AS rows FROM ring.lease WHERE NOT released`;
  expect(await world.query(leases)).toEqual([{ rows: 1 }]);
  for (const service of world.stack.services()) {
    await service.stop();
    expect(service.logs().at(-1)).toMatchObject({ msg: 'stopped' });
    if (service.name.startsWith('signer')) expect(await world.query(leases)).toEqual([{ rows: 0 }]);
    await service.start();
  }
};
