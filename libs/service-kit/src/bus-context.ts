import { BaseRpcContext } from '@nestjs/microservices';
import type { MsgHdrs } from 'nats';

/** What a handler learns beside the body. Headers are there of those subjects alone whose row in the table bounds them. */
export class BusContext extends BaseRpcContext<[subject: string, headers?: MsgHdrs | undefined]> {
  /** Where the subject does not name who asks: whom a guard has found to ask, or from where a stranger did. */
  foundToAsk: string | undefined;

  get subject(): string {
    return this.getArgByIndex(0);
  }

  /** The subject's token at `index`, counted from 0: the operator of a command, the Node of a hello. */
  token(index: number): string {
    return this.subject.split('.')[index] ?? '';
  }

  /** One that stands there twice is as one that is missing: nobody knows which is meant. */
  header(name: string): string | undefined {
    const headers: MsgHdrs | undefined = this.getArgByIndex(1);
    const values = headers?.values(name) ?? [];
    return values.length === 1 ? values[0] : undefined;
  }
}

/** Extras of a `@MessagePattern`: `queue` shares the work; `joined` handlers hear nothing until `join` is called. */
export interface HandlerExtras {
  queue?: string;
  joined?: boolean;
}
