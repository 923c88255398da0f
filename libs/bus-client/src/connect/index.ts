/**
 * Dials by the client library, and mends one habit of it. Of a dial that took too long it keeps the socket, and when the
 * server ends that later it takes its connection for lost and makes a second one beside it. All is heard twice from then on;
 * and since it answers pings on one of the two only, the server ends the other one, which is replaced by a third, for ever
 * (nats.js, issue 302: its versions 3 give a dial up as it is done here).
 *
 * Apart from what makes the options, so that a command line loads the library no sooner than it dials.
 */
import { connect, type ConnectionOptions, type NatsConnection } from 'nats';
import { NodeTransport } from 'nats/lib/src/node_transport';

const { close, dial } = NodeTransport.prototype;

/** The library says so of the one before whenever it dials anew. Whatever becomes of it is no news of the connection. */
NodeTransport.prototype.discard = function (this: NodeTransport): void {
  this.done = true;
  // Nothing stands there before it is dialled, whatever its type says.
  (this.socket as typeof this.socket | undefined)?.destroy();
  this.signal.resolve();
};

/** Of one that never came to be it does nothing by itself. */
NodeTransport.prototype.close = function (this: NodeTransport, error?: Error): Promise<void> {
  if (!this.connected) this.discard();
  return close.call(this, error);
};

NodeTransport.prototype.dial = async function (this: NodeTransport, server) {
  const socket = await dial.call(this, server);
  if (!this.done) return socket;
  socket.destroy();
  throw new Error('given up before it was there');
};

/** @throws NatsError */
export const dialBus = (options: ConnectionOptions): Promise<NatsConnection> => connect(options);
