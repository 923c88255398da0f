import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';

/** Every Markdown file of the repository, and what of it can be held against the program. */
export interface Document {
  /** From the repository's root. */
  path: string;
  text: string;
}

export const documents = (): Document[] =>
  markdownBelow(repositoryRoot)
    .map((file) => ({ path: relative(repositoryRoot, file), text: readFileSync(file, 'utf8') }))
    .sort((a, b) => a.path.localeCompare(b.path));

function markdownBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return isForeign(entry.name) ? [] : markdownBelow(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const isForeign = (name: string): boolean =>
  name.startsWith('.') || ['node_modules', 'dist', 'coverage'].includes(name);

const FENCE = /^```([a-z]*)\n([\s\S]*?)^```$/gm;

/** The fenced blocks of one language. */
export const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(FENCE)].filter((match) => match[1] === language).map((match) => match[2] ?? '');

/** Whatever is set as code: each line of a block, each span. */
export function code(text: string): string[] {
  const lines = [...text.matchAll(FENCE)].flatMap((match) => (match[2] ?? '').split('\n'));
  const spans = [...text.replace(FENCE, '').matchAll(/`([^`]+)`/g)].map((match) =>
    (match[1] ?? '').replace(/\s+/g, ' '),
  );
  return [...lines, ...spans];
}

/** Targets of links and images, those to other sites left out. */
export const relativeLinks = (text: string): string[] =>
  [...text.replace(FENCE, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));

/** The anchors that a page of this text has, as GitHub makes them of its headings. */
export const anchors = (text: string): string[] =>
  [...text.replace(FENCE, '').matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
