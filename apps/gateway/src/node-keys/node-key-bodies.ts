/** What Nodes with a Node key send and get, as the description of the API shows it. */
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

const PROOF = { description: 'A compact JWS by the Node key (nkey, `U…`, as `kid`), good for a minute.' };
const TIME = { format: 'date-time' };

export class Proof {
  @ApiProperty(PROOF)
  proof: string;
}

export class Enrolment extends Proof {
  @ApiProperty({ description: 'Of `plexctl node enroll-token`: opens once.' })
  token: string;
}

class OfKey {
  @ApiProperty({ format: 'uuid' })
  node_id: string;

  @ApiProperty({ description: 'How often the key has changed.' })
  generation: number;

  @ApiProperty({ ...TIME, description: "The server's time, from which the Node counts." })
  now: string;
}

export class HeldKey extends OfKey {
  @ApiProperty({ description: 'The Node key that the token is for (nkey, `U…`).' })
  public_key: string;

  @ApiProperty({ description: 'The bus user JWT: worth something with the key alone.' })
  token: string;

  @ApiProperty(TIME)
  token_expires_at: string;

  @ApiProperty({ ...TIME, description: 'From when on policy wants another key.' })
  rotate_after: string;
}

export class Enrolled extends HeldKey {
  @ApiProperty()
  scope: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ description: 'The trust bundle of this moment (compact JWS).' })
  bundle: string;

  @ApiProperty({ type: [String], description: 'Addresses of the bus.' })
  servers: string[];

  @ApiPropertyOptional({ description: "PEM: what the bus' certificate must come from." })
  bus_ca?: string;

  @ApiProperty({ type: [String], description: 'Where gateways are called; none: where this one was.' })
  gateways: string[];
}

class DueOrder {
  @ApiProperty({ format: 'uuid' })
  run: string;

  @ApiProperty(TIME)
  expires_at: string;
}

export class KeyView extends OfKey {
  @ApiProperty()
  scope: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ type: [String] })
  tags: string[];

  @ApiProperty({ description: 'The present key.' })
  public_key: string;

  @ApiProperty(TIME)
  token_expires_at: string;

  @ApiProperty(TIME)
  rotate_after: string;

  @ApiProperty({ type: DueOrder, nullable: true, description: 'A fleet run that waits for another key.' })
  due: DueOrder | null;

  @ApiProperty({
    ...TIME,
    type: String,
    nullable: true,
    description: 'Since when a key that was replaced is still used.',
  })
  contested_since: string | null;
}

export class Confirmed extends OfKey {}

export class LoggedOut {
  @ApiProperty({ format: 'uuid' })
  node_id: string;

  @ApiProperty(TIME)
  removed_at: string;
}
