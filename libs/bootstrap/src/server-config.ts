/**
 * What the bus's servers must know to run in operator mode. The system account alone is preloaded: a server that lost
 * its disk admits nobody of the mesh before rotation has given it the account again, with its revocations.
 */
export const serverConfig = (operatorJwt: string, system: { publicKey: string; jwt: string }): string =>
  `# Operator mode. Include this file from the configuration of each server, which adds what is its own: listen,
# tls, jetstream, cluster. The resolver's folder holds the accounts; it is relative to the folder that the server is
# started in, and belongs on the same disk as JetStream's.

# A client that froze holds its place in a queue group, and swallows its share of what is asked, until the server has
# missed two answers: 15 s, where the server's own default is six minutes (before 2.9.16 only where it is sent nothing
# meanwhile). And nobody who sends to one that does not read is held up for longer than the write deadline.
ping_interval: "5s"
ping_max: 2
write_deadline: "5s"

operator: ${operatorJwt}
system_account: ${system.publicKey}
resolver {
  type: full
  dir: "./resolver"
  allow_delete: false
  interval: "2m"
}
resolver_preload {
  ${system.publicKey}: ${system.jwt}
}
`;
