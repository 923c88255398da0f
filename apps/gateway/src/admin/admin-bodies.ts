import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

const TIME = { format: 'date-time' } as const;
const LATER = { type: String, nullable: true, ...TIME } as const;

export class WithReason {
  @ApiPropertyOptional({ description: 'Stands in the audit log.' })
  reason?: string;
}

export class Promotion extends WithReason {
  @ApiPropertyOptional({ description: 'Before the propagation delay is over: admins alone, and audited.' })
  force?: boolean;
}

export class Disabling extends WithReason {
  @ApiPropertyOptional({ description: 'Throws the key out whatever its state, with a `reason`: admins alone.' })
  emergency?: boolean;
}

class Key {
  @ApiProperty({ description: 'As tokens and the key set name it: what the other calls take.' })
  kid: string;

  @ApiProperty()
  alg: string;

  @ApiProperty({ enum: ['staged', 'active', 'retiring'] })
  state: string;

  @ApiProperty(TIME)
  since: string;

  @ApiProperty({ ...LATER, description: 'Of a staged key: from when on it may be promoted without force.' })
  propagated_at: string | null;

  @ApiProperty({
    ...LATER,
    description: 'Of a retiring key: when its last token ends; null where that is not known yet.',
  })
  tokens_until: string | null;

  @ApiProperty(LATER)
  verifies_until: string | null;

  @ApiPropertyOptional({ ...TIME, description: 'Of a key of another service: when it signs its last token there.' })
  foreign_signs_until?: string;
}

export class Keys {
  @ApiProperty({ description: 'As tokens name it.' })
  issuer: string;

  @ApiProperty()
  scope: string;

  @ApiProperty()
  epoch: number;

  @ApiProperty({ type: [Key] })
  keys: Key[];
}

export class StagedKey {
  @ApiProperty()
  kid: string;

  @ApiProperty({ enum: ['staged'] })
  state: 'staged';

  @ApiProperty(TIME)
  staged_at: string;

  @ApiProperty({ ...TIME, description: 'From when on it may be promoted without force.' })
  propagated_at: string;

  @ApiProperty({ ...TIME, description: 'Until when it may be promoted.' })
  rotate_by: string;

  @ApiProperty()
  epoch: number;
}

export class PromotedKey {
  @ApiProperty()
  kid: string;

  @ApiProperty({ enum: ['active'] })
  state: 'active';

  @ApiProperty({ description: 'It verifies what it has signed, and signs nothing more.' })
  retiring_kid: string;

  @ApiProperty(TIME)
  opened_at: string;

  @ApiProperty(TIME)
  closes_at: string;

  @ApiProperty()
  epoch: number;
}

export class DisabledKey {
  @ApiProperty()
  kid: string;

  @ApiProperty({ enum: ['retired', 'revoked'] })
  state: 'retired' | 'revoked';

  @ApiProperty({ description: 'The key that signs now.' })
  active_kid: string;

  @ApiProperty({ ...LATER, description: 'Until when verifiers may not know that key; null where all do.' })
  known_by: string | null;

  @ApiProperty()
  epoch: number;
}
