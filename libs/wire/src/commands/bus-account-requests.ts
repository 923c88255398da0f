/** What rotation asks of any signer about who is let in on the bus: users' credentials, and the account that they are of. */
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, IsUUID, Matches, MaxLength } from '../validator';
import { MAX_REVOCATIONS, REVOCATION_LINES, REVOCATION_LINE_BYTES } from '../revocations';

/** The signer writes the permissions itself, from `kind` and `id`. */
export class IssueBusCredential {
  @IsIn(['node', 'operator'])
  kind: 'node' | 'operator';

  @IsUUID()
  id: string;

  @IsString()
  @MaxLength(100)
  name: string;

  @IsString()
  public_key: string;

  /** Unix seconds: the bus ends the connection then. Without it the credential holds until it is revoked. */
  @IsOptional()
  @IsInt()
  expires_at?: number;

  /** Unix seconds, by the database's clock: of several tokens of one key the older can be revoked alone. Without it the signer's. */
  @IsOptional()
  @IsInt()
  issued_at?: number;

  /** Of a Node whose token is bound to its Node key, and hears orders. */
  @IsOptional()
  @IsBoolean()
  has_node_key?: boolean;
}

/** The account's JWT with these and only these revocations. */
export class SignBusAccount {
  /** A line each, as `revocationLines` writes them: one text, so that thousands cost no more than their bytes. */
  @IsString()
  @MaxLength(MAX_REVOCATIONS * REVOCATION_LINE_BYTES)
  @Matches(REVOCATION_LINES)
  revocations: string;
}

/** A user's or the account's. */
export interface BusJwtReply {
  jwt: string;
}
