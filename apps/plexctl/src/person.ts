import { Failure } from './failure';

/** Who sits at the terminal. Asked on standard error, since standard output is the result's. */
export interface Person {
  /** What was typed up to Enter; undefined where they left, by Ctrl-C or by Ctrl-D. */
  answer(question: string): Promise<string | undefined>;
  /** The same, and nothing of it is shown. */
  secret(question: string): Promise<string | undefined>;
}

/** As much of a terminal as it takes: characters as they are typed, and none of them written by the terminal itself. */
interface Keyboard extends NodeJS.ReadableStream {
  isTTY?: boolean;
  setRawMode(on: boolean): unknown;
}

interface Screen extends NodeJS.WritableStream {
  isTTY?: boolean;
}

/** Nobody where either is no terminal: whoever reads a file into a command has not read the question. */
export const personAt = (keyboard: Keyboard, screen: Screen): Person | undefined =>
  keyboard.isTTY === true && screen.isTTY === true ? new Typist(keyboard, screen) : undefined;

/** More than anybody types, and less than a file that was pasted by mistake. */
const MOST_CHARACTERS = 1_024;
const ENTER = new Set(['\r', '\n']);
const LEAVE = new Set(['\u0003', '\u0004']);
const RUB_OUT = new Set(['\u007f', '\b']);
/** Keys that are no characters (arrows, Home) come as a sequence that begins so. */
const ESCAPE = '\u001b';

class Typist implements Person {
  /** Typed ahead: pasted lines answer one question after the other. */
  private waiting: string[] = [];

  constructor(
    private readonly keyboard: Keyboard,
    private readonly screen: Screen,
  ) {}

  answer(question: string): Promise<string | undefined> {
    return this.ask(question, true);
  }

  secret(question: string): Promise<string | undefined> {
    return this.ask(question, false);
  }

  private ask(question: string, isShown: boolean): Promise<string | undefined> {
    const typed: string[] = [];
    return new Promise((resolve) => {
      const end = (answer: string | undefined): void => {
        this.keyboard.removeListener('data', hear);
        this.keyboard.removeListener('end', gone);
        this.keyboard.setRawMode(false);
        this.keyboard.pause();
        this.screen.write('\n');
        resolve(answer);
      };
      const gone = (): void => end(undefined);
      const take = (): void => {
        for (let key = this.waiting.shift(); key !== undefined; key = this.waiting.shift()) {
          if (ENTER.has(key)) return end(typed.join(''));
          if (LEAVE.has(key)) return end(undefined);
          if (RUB_OUT.has(key)) {
            if (typed.pop() !== undefined && isShown) this.screen.write('\b \b');
          } else if (key >= ' ' && typed.length < MOST_CHARACTERS) {
            typed.push(key);
            if (isShown) this.screen.write(key);
          }
        }
      };
      const hear = (chunk: Buffer | string): void => {
        const text = chunk.toString();
        if (!text.startsWith(ESCAPE)) this.waiting.push(...text);
        take();
      };
      // Before the question is seen: what is typed at once is not written by the terminal either.
      this.keyboard.setRawMode(true);
      this.screen.write(question);
      this.keyboard.on('data', hear);
      this.keyboard.once('end', gone);
      this.keyboard.resume();
      take();
    });
  }
}

/** Whoever left, or said anything else than yes, has decided: nothing is done. */
export const stopped = (): Failure => new Failure(1, 'stopped: nothing was done');

/** @throws Failure where they do not type yes */
export async function requireYes(person: Person, question: string): Promise<void> {
  const answer = await person.answer(`${question} Type yes to go on: `);
  if (answer?.trim().toLowerCase() !== 'yes') throw stopped();
}
