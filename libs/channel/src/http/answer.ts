import type { MessageRefused } from '../message-refused';

/** What of a response of node:http's is used, and of whatever is made like it. */
export interface Answer {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableFinished: boolean;
  once(event: 'close', listener: () => void): unknown;
  setHeader(name: string, value: string): unknown;
  end(text?: string): unknown;
}

export function refuse(response: Answer, { status, headers, body }: MessageRefused): void {
  response.statusCode = status;
  const all = { ...headers, 'content-type': 'application/json; charset=utf-8' };
  for (const [name, value] of Object.entries(all)) response.setHeader(name, value);
  response.end(JSON.stringify(body));
}
