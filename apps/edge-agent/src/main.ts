/**
 * The edge agent: a host's daemon. It is the Node that `plexctl edge enroll` has made of this host, keeps its stream and its
 * token, changes its key when it is told to, and prints what it hears. Knows no database and no service; the Node key stays in
 * its folder.
 */
import { runEdgeAgent } from './run-edge-agent';

void runEdgeAgent(process.argv.slice(2), process.env).then((exitCode) => {
  // Whatever is left (a driver's timer) has nothing more to do.
  process.exit(exitCode);
});
