// A crowd of Nodes that are connected and hear nothing, in a process of its own: each has a stream, cuts it off 30 s after
// it asked for it, and asks for the next one at once, as a daemon does. Told what to do by its parent, and asked what it saw.
const { createHash } = require('node:crypto');
const net = require('node:net');
const { performance } = require('node:perf_hooks');
const process = require('node:process');
const { clearTimeout, setTimeout } = require('node:timers');
const { URL } = require('node:url');

const seen = { opened: 0, refused: {}, broken: 0, open: 0, keepAlives: 0, tookMs: [] };
let isStopping = false;
const sockets = new Set();

function ask({ id, host, port, cutMs }) {
  if (isStopping) return;
  const bearer = createHash('md5').update(`bearer of ${id}`).digest('hex');
  const askedAt = performance.now();
  const socket = net.connect(port, host);
  sockets.add(socket);
  let isOpen = false;
  let isCut = false;
  socket.setNoDelay(true);
  socket.write(
    `GET /v1/nodes/${id}/events HTTP/1.1\r\nHost: ${host}:${port}\r\nAuthorization: Bearer ${bearer}\r\nLast-Event-ID: 1\r\n\r\n`,
  );
  const cut = setTimeout(() => {
    isCut = true;
    socket.destroy();
  }, cutMs);
  socket.on('data', (chunk) => {
    if (isOpen) return void (seen.keepAlives += 1);
    const status = chunk.subarray(9, 12).toString('latin1');
    if (status !== '200') {
      seen.refused[status] = (seen.refused[status] ?? 0) + 1;
      return socket.destroy();
    }
    isOpen = true;
    seen.opened += 1;
    seen.open += 1;
    seen.tookMs.push(performance.now() - askedAt);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(cut);
    sockets.delete(socket);
    if (isOpen) seen.open -= 1;
    if (isCut) return ask({ id, host, port, cutMs });
    if (isStopping) return;
    // Not by its own cut: as a daemon it waits before it comes again.
    seen.broken += 1;
    setTimeout(() => ask({ id, host, port, cutMs }), 1_000);
  });
}

process.on('message', ({ begin, look }) => {
  if (begin !== undefined) {
    const { ids, urls, cutMs, overMs } = begin;
    ids.forEach((id, index) => {
      const { hostname: host, port } = new URL(urls[index % urls.length]);
      setTimeout(() => ask({ id, host, port: Number(port), cutMs }), (overMs * index) / ids.length);
    });
  }
  if (look !== undefined) {
    const { tookMs, ...counts } = seen;
    process.send({ ...counts, refused: { ...counts.refused }, tookMs: [...tookMs] });
    Object.assign(seen, { opened: 0, refused: {}, broken: 0, keepAlives: 0, tookMs: [] });
  }
});
process.on('disconnect', () => {
  isStopping = true;
  for (const socket of sockets) socket.destroy();
});
