// A source or a sink of a Hostpipe's pipe, in Node: what a program in any language has to do.
//
//   node client.js PROTO PORT send    PIPE STREAM LAST [leave-after N]
//   node client.js PROTO PORT receive PIPE STREAM      [leave-after N]
//
// "send" sends the messages "message 1" to "message LAST" and ends the stream; "receive" prints
// messages and acknowledges each. With leave-after it breaks off, as if it were killed, once message
// N was acknowledged. Started again with the same stream it goes on where it stood.
//
// With CA=FILE in its environment it dials a grpcs-listen that these authorities vouch for, and with
// TOKEN=NAME:SECRET it shows that token.
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [proto, port, verb, pipe, stream, ...rest] = process.argv.slice(2);
const last = verb === 'send' ? Number(rest.shift()) : 0;
const leaveAfter = rest[0] === 'leave-after' ? Number(rest[1]) : Infinity;

const { hostpipe } = grpc.loadPackageDefinition(loader.loadSync(proto, { longs: Number, defaults: true, oneofs: true }));
const credentials = process.env.CA
  ? grpc.credentials.createSsl(fs.readFileSync(process.env.CA))
  : grpc.credentials.createInsecure();
const client = new hostpipe.v1.Pipes(`127.0.0.1:${port}`, credentials);
const metadata = new grpc.Metadata();
if (process.env.TOKEN) metadata.set('authorization', `Bearer ${process.env.TOKEN}`);
const call = client.Attach(metadata);
let received = 0;

call.write({ open: { pipe, stream, direction: verb === 'send' ? 'DIRECTION_SEND' : 'DIRECTION_RECEIVE' } });
call.on('data', (frame) => {
  if (frame.opened) {
    console.log(`opened at ${frame.opened.sequence}`);
    if (verb === 'send' && !frame.opened.finished) sendFrom(frame.opened.sequence + 1);
  } else if (frame.message) {
    console.log(frame.message.payload.toString());
    call.write({ ack: { position: frame.message.position } });
    received += 1;
    // What it acknowledged has to leave this process first.
    if (received >= leaveAfter) setTimeout(() => process.exit(9), 200);
    if (received >= leaveAfter) call.pause();
  } else if (frame.ack) {
    if (frame.ack.sequence >= leaveAfter) process.exit(9);
  } else if (frame.finish) {
    console.log('finished');
  }
});
call.on('error', (error) => {
  console.error(`${error.code} ${error.details}`);
  process.exit(1);
});
call.on('end', () => client.close());

// A writer that is told "false" waits for "drain": that is the backpressure.
function sendFrom(first) {
  for (let sequence = first; sequence <= Math.min(last, leaveAfter); sequence += 1) {
    const more = call.write({ message: { sequence, payload: Buffer.from(`message ${sequence}`) } });
    if (!more) {
      call.once('drain', () => sendFrom(sequence + 1));
      return;
    }
  }
  if (leaveAfter === Infinity) call.write({ finish: {} });
}
