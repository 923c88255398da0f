import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { HTTP_LISTENERS } from '@plexsphere/wire/commands';

export class Registration {
  @ApiProperty({ description: 'Of `plexctl node enroll-token`: opens once.' })
  token: string;

  @ApiProperty({ description: 'X25519: standard base64, padded, of the raw 32 bytes.' })
  public_key: string;

  @ApiProperty({ description: 'What the Node is called; a suffix is added where the name is taken.' })
  hostname: string;

  @ApiPropertyOptional({ enum: HTTP_LISTENERS, default: 'go', description: 'How it listens: `sdk` acknowledges.' })
  listens?: (typeof HTTP_LISTENERS)[number];

  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' }, description: 'Kept nowhere.' })
  metadata?: Record<string, string>;

  @ApiPropertyOptional({ type: Object, description: 'Kept nowhere.' })
  capabilities?: object;
}

export class Registered {
  @ApiProperty({ format: 'uuid' })
  node_id: string;

  @ApiProperty()
  mesh_ip: string;

  @ApiProperty({ description: 'The key to verify by first: standard base64, padded, of the raw 32 bytes.' })
  signing_public_key: string;

  @ApiProperty({ description: "The Node's bearer token from then on, 32 characters. It is shown once." })
  node_secret_key: string;

  @ApiProperty({ type: [Object] })
  peers: object[];

  @ApiProperty()
  scope: string;

  @ApiProperty()
  name: string;

  @ApiPropertyOptional({ description: 'The trust bundle of this moment, for the SDK.' })
  bundle?: string;
}
