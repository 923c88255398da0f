import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot, type Ran } from '@plexsphere/stack';
import { notInSnakeCase } from './member-names';
import type { World } from './world';

/**
 * What plexctl says when a real service answers, word for word, beside the transcripts of what needs none (test/cli).
 * Ids and ports that differ from run to run have names. UPDATE_TRANSCRIPTS=1 writes down what is said now.
 */
export class Transcript {
  private text = '';

  /** What else differs from run to run, and how it is called instead. */
  constructor(
    private readonly world: World,
    private readonly names: readonly (readonly [RegExp, string])[] = [],
  ) {}

  add(args: readonly string[], { stdout, stderr, exitCode }: Ran): void {
    if (args.includes('json') && stdout !== '') expect(notInSnakeCase(JSON.parse(stdout))).toEqual([]);
    const command = ['plexctl', ...args.map((arg) => (arg === '' ? "''" : arg))].join(' ');
    this.text += `$ ${command}\n${section('stdout', stdout)}${section('stderr', stderr)}--- exit ${exitCode}\n\n`;
  }

  expectToMatch(name: string): void {
    const path = join(repositoryRoot, 'test', 'cli', name);
    const { domainId, stack } = this.world;
    const known = this.text
      .replaceAll(domainId, '<domain>')
      .replaceAll(domainId.toUpperCase(), '<DOMAIN>')
      .replaceAll(stack.signerEndpoint, '<endpoint>')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
    const now = this.names.reduce((text, [differs, name]) => text.replace(differs, name), known);
    if (process.env['UPDATE_TRANSCRIPTS'] !== undefined) writeFileSync(path, now);
    expect(now).toBe(readFileSync(path, 'utf8'));
  }
}

const section = (name: string, text: string): string => (text === '' ? '' : `--- ${name}\n${text}`);
