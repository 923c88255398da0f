/** What Nodes send and get, as the description of the API shows it. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

const KEY = {
  description: 'Standard base64, padded, of the raw 32 bytes.',
  example: 'cVd1pW5qVh2rBr2v0YAmnM2ZrYdLXcPlxRjRkJ7Xw0I=',
};

class SigningKeysBody {
  @ApiProperty(KEY)
  current: string;

  @ApiPropertyOptional(KEY)
  previous?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  transition_expires?: string;
}

export class State {
  @ApiProperty({ type: [Object] })
  peers: object[];

  @ApiProperty({ type: [Object] })
  policies: object[];

  @ApiPropertyOptional({ type: SigningKeysBody })
  signing_keys?: SigningKeysBody;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  metadata: Record<string, string>;

  @ApiProperty({ type: [Object] })
  data: object[];

  @ApiProperty({ type: [Object] })
  secret_refs: object[];
}

export class HeartbeatReply {
  @ApiProperty({ description: 'Whether the Node should ask for its state now.' })
  reconcile: boolean;

  @ApiProperty({ description: 'Whether the Node should make another WireGuard key.' })
  rotate_keys: boolean;
}

export class EndpointReply {
  @ApiProperty({ type: [Object] })
  peer_endpoints: object[];
}
