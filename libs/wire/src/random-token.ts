import { randomBytes } from 'node:crypto';

const TOKEN_BYTES = 16;

/** 128 random bits as one token of a subject: whoever has seen others of its kind knows nothing of it. */
export const randomToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url');
