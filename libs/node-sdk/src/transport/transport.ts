/**
 * What carries a Node's stream to it, and its words away: the bus, or gateways over HTTP. Kept up for as long as the Node
 * runs, whatever happens to the other side. What comes of a message is the session's alone, by whichever way it came.
 */
import type { Ack, Hello } from '@plexsphere/wire';
import type { ReportedRing } from '@plexsphere/wire/commands';
import type { ReportAnswer } from '../member/reporter';
import type { Logger, TurnedAway } from '../node-observer';
import type { StreamMessage } from './stream-message';

export interface TransportOptions {
  /** Insists on showing the credential to a plaintext address beyond this machine. */
  allowPlaintext?: boolean | undefined;
  logger: Logger;
  /** Nothing is tried again once it is aborted; what is open stays so until `close`. */
  signal: AbortSignal;
  now(): Date;
  /** From now on a hello can be said. */
  onConnected(): void;
  onDisconnected(): void;
  onTurnedAway(turnedAway: TurnedAway): void;
  /** Of a Node with a key of its own: it is to ask what is due. Heard on the bus alone. */
  onOrder?: (() => void) | undefined;
  /** The next message is taken when this one is done with. */
  onMessage(message: StreamMessage): Promise<void>;
}

export interface Transport {
  /** Ends when the signal is aborted, and `close` was called if it was open then. */
  run(): Promise<void>;
  /** Lost where there is no connection: the hello at the next one says as much. */
  sayHello(hello: Hello): void;
  acknowledge(ack: Ack): void;
  /** Of a channel's member. Unanswered where there is no connection: nothing is sent later than it was asked for. */
  report(rings: ReportedRing[]): Promise<ReportAnswer>;
  /**
   * Goes on by another credential, without missing anything of the stream.
   * @throws NodeSdkError `not_moved` where it did not come about: the next dial is by that credential all the same;
   * `not_on_the_bus`
   */
  move(busCredential: string): Promise<void>;
  /** Sends what was said and closes; then `run` ends. */
  close(): Promise<void>;
}
