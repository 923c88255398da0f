import { Controller } from '@nestjs/common';
import type { JwksReply, ListReply, Nothing, OfScope, RingReply } from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { RingReader } from './ring-reader';

/** Key rings as they are. */
@Controller()
export class RingController {
  constructor(private readonly rings: RingReader) {}

  @Handles('signing.list')
  list(_: Nothing, { operator }: Asked): Promise<ListReply> {
    return this.rings.list(operator.scopes);
  }

  @Handles('signing.jwks')
  jwks({ scope }: OfScope): Promise<JwksReply> {
    return this.rings.jwks(scope);
  }

  @Handles('signing.ring')
  ring({ scope }: OfScope): Promise<RingReply> {
    return this.rings.view(scope);
  }
}
