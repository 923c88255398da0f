import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class KeyProof {
  @ApiProperty()
  key_id: string;

  @ApiProperty({ description: 'HMAC by the secret over ring, key, epoch and Node: base64.' })
  proof: string;
}

class KeyUse {
  @ApiProperty()
  key_id: string;

  @ApiProperty({ format: 'date-time' })
  at: string;
}

const LAST_USE = { type: KeyUse, nullable: true } as const;

class ReportedRing {
  @ApiProperty({ description: '`channel:<slug>:<from>-to-<to>`' })
  scope: string;

  @ApiProperty({ minimum: 1, description: 'As the member holds it.' })
  epoch: number;

  @ApiProperty({ type: [KeyProof], description: 'All that it holds: what is not named is not held.' })
  keys: KeyProof[];

  @ApiProperty({ format: 'date-time' })
  period_from: string;

  @ApiProperty({ minimum: 0, description: 'How long ago that was at most, when this arrives.' })
  period_seconds: number;

  @ApiProperty(LAST_USE)
  last_signed: KeyUse | null;

  @ApiProperty(LAST_USE)
  last_verified: KeyUse | null;

  @ApiProperty({
    type: [KeyUse],
    description: 'Keys by which something verified in this period that had nothing by a newer one.',
  })
  alone: KeyUse[];

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer', minimum: 1 },
    description: 'In this period, by reason.',
  })
  refusals: Record<string, number>;

  @ApiPropertyOptional({
    type: [String],
    description: 'Of a sink: keys that it found and kept, and that are not ours.',
  })
  taken_over?: string[];
}

export class ChannelReport {
  @ApiProperty({
    type: [ReportedRing],
    maxItems: 2,
    description: 'Those that it holds; of one that is not named it is told again.',
  })
  rings: ReportedRing[];
}

class RefusedProof {
  @ApiProperty()
  key_id: string;

  @ApiProperty()
  detail: string;
}

class AnsweredRing {
  @ApiProperty()
  scope: string;

  @ApiProperty({ description: "The ring's present one." })
  epoch: number;

  @ApiProperty({ type: [String] })
  proven: string[];

  @ApiProperty({ type: [RefusedProof] })
  refused: RefusedProof[];
}

export class ChannelReported {
  @ApiProperty({ type: [AnsweredRing] })
  rings: AnsweredRing[];
}
