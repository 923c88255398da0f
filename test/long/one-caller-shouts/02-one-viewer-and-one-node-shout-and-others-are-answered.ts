import type { Step } from '../../src/tell-story';
import { dialAs, known } from '../../suites/permissions/hands';
import { p99, shout, sign } from './shouting';

const SIGNATURES = 300;
const ROUNDS = 3;

/**
 * S2: before, eight acknowledgements of one Node delayed everybody by 14 s, and ten requests a second of one viewer cost
 * the signers all their leases. Each round compares with itself, since the machine is not the same all the time.
 */
export const step: Step = async (world) => {
  const connection = await dialAs(world, known(world, 'signing'));
  // Code that runs for the first time is slow whoever shouts.
  const warmingUp = await shout(world);
  await sign(world, connection, SIGNATURES);
  await warmingUp.stop();
  const from = world.stack.services('signer').map((signer) => signer.log.size);
  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const quiet = p99(await sign(world, connection, SIGNATURES));
    const shouting = await shout(world);
    const loud = p99(await sign(world, connection, SIGNATURES));
    const answered = await shouting.stop();
    expect(answered).toBeGreaterThan(200);
    ratios.push(loud / quiet);
    const [before, meanwhile] = [quiet, loud].map((ms) => ms.toFixed(1));
    process.stdout.write(`p99 of a signature: ${before} ms, and ${meanwhile} ms while ${answered} shouts came in\n`);
  }
  const [, middle] = ratios.sort((one, other) => one - other);
  expect(middle).toBeLessThan(2);
  const lost = world.stack
    .services('signer')
    .flatMap((signer, n) => signer.logs(from[n]).filter(({ msg }) => msg === 'lease lost'));
  expect(lost).toEqual([]);
};
