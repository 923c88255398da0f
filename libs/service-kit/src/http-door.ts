import type { ExceptionFilter, INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { ProblemFilter } from './problem-filter';

/** How others come to a service over HTTP, beside the bus. It may listen from the start, and say that it is not yet open. */
export interface HttpDoor {
  /** What Nest hangs its routes on. */
  readonly adapter: AbstractHttpAdapter;
  /** The last stop of every error, of what came over the bus too. */
  filter(problems: ProblemFilter): ExceptionFilter;
  /** Before Nest has made its routes: what has to stand beside them. */
  prepare(app: INestApplication): void;
  /** From now on everything is there that an answer rests on. */
  open(app: INestApplication): Promise<void>;
  /** Takes nothing more, and finishes what was begun: the bus is there until it has. */
  close(): Promise<void>;
}
