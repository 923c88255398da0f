/** What Nodes say, at the edge. Members that we do not know are ignored: a newer Node may say more. */
import { isUuid, type Ack, type Hello } from '@plexsphere/wire';
import { plainToInstance } from 'class-transformer';
import { IsInt, IsString, Matches, Max, Min, validate } from 'class-validator';

class AckBody implements Ack {
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  epoch: number;

  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  platform_epoch: number;

  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  position: number;
}

class HelloBody extends AckBody implements Hello {
  /** Comes back in a header and in a message id. */
  @IsString()
  @Matches(/^[A-Za-z0-9_-]{1,64}$/)
  hello_id: string;
}

/** Undefined for what is none. */
export const readAck = (nodeId: string, body: unknown): Promise<Ack | undefined> => read(AckBody, nodeId, body);
export const readHello = (nodeId: string, body: unknown): Promise<Hello | undefined> => read(HelloBody, nodeId, body);

async function read<Body extends object>(
  Class: new () => Body,
  nodeId: string,
  value: unknown,
): Promise<Body | undefined> {
  if (!isUuid(nodeId) || typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const body = plainToInstance(Class, value);
  const errors = await validate(body, { whitelist: true });
  return errors.length === 0 ? body : undefined;
}
