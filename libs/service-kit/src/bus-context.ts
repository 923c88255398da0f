import { BaseRpcContext } from '@nestjs/microservices';

/** What a handler learns beside the body. */
export class BusContext extends BaseRpcContext<[subject: string]> {
  get subject(): string {
    return this.getArgByIndex(0);
  }

  /** The subject's token at `index`, counted from 0: the operator of a command, the Node of a hello. */
  token(index: number): string {
    return this.subject.split('.')[index] ?? '';
  }
}

/** Extras of a `@MessagePattern`: `queue` shares the work; `joined` handlers hear nothing until `join` is called. */
export interface HandlerExtras {
  queue?: string;
  joined?: boolean;
}
