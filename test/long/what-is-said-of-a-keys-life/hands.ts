import { dirname } from 'node:path';
import type { Ran } from '@plexsphere/stack';
import { Transcript } from '../../src/transcript';
import type { World } from '../../src/world';

const NAMES = [
  [/[\w-]{8}\.\d{16}\.[\w-]+/g, '<cursor>'],
  [/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, '<uuid>'],
  [/(?<=^recovery +)\S{44}/gm, '<recovery key>'],
  [/(?<=public_key": ")\S{44}(?=")/g, '<public key>'],
  [/(?<![\w-])[\w-]{43}(?![\w=-])/g, '<hash>'],
  [/signer-[\w-]+/g, '<signer>'],
  [/web-[\da-f]{8}/g, 'web'],
  [/23h59m\d+s/g, '<nearly a day>'],
  [/(?<=seconds_left: )\d+/g, '<seconds>'],
  [/\d{4}-\d\d-\d\d(?!T)/g, '<date>'],
] as const;

/** Writes down what plexctl says, and which commands ended otherwise than was expected. */
export class Talk {
  readonly unexpected: string[] = [];
  private readonly transcript: Transcript;

  /** `files`: how the arguments that name files are called in the transcript. */
  constructor(
    private readonly world: World,
    private readonly files: ReadonlyMap<string, string>,
  ) {
    const folders = [...files.values()].map((path) => [new RegExp(`${dirname(path)}/`, 'g'), ''] as const);
    this.transcript = new Transcript(world, [...folders, ...NAMES]);
  }

  async say(exitCode: number, ...args: string[]): Promise<Ran> {
    const ran = await this.world.plexctl(args.map((arg) => this.files.get(arg) ?? arg));
    this.transcript.add(args, ran);
    if (ran.exitCode !== exitCode) this.unexpected.push(`${args.join(' ')}: ${ran.exitCode}`);
    return ran;
  }

  expectToMatch(name: string): void {
    this.transcript.expectToMatch(name);
    expect(this.unexpected).toEqual([]);
  }
}
