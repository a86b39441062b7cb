// A client of NATS that knows nothing of Hostpipe.
//
//   node client.js PORT write SUBJECT COUNT   publishes messages with headers into JetStream
//   node client.js PORT read SUBJECT COUNT    prints what is there, a line of JSON for each
//   node client.js PORT ask SUBJECT TEXT      prints the answer to a request
//   node client.js PORT serve SUBJECT COUNT   answers so many requests, and says when it listens
const { connect, headers, StringCodec } = require("nats");

const text = StringCodec();

async function write(nats, subject, count) {
  const manager = await nats.jetstreamManager();
  await manager.streams.add({ name: "FOREIGN", subjects: [subject] });
  for (let number = 1; number <= count; number++) {
    const more = headers();
    more.append("Hostpipe-Key", `customer-${number}`);
    more.append("colour", "red");
    more.append("colour", "blue");
    await nats.jetstream().publish(subject, text.encode(`message ${number}`), {
      headers: more,
      msgID: `id-${number}`,
    });
  }
}

async function read(nats, subject, count) {
  const manager = await nats.jetstreamManager();
  const stream = await manager.streams.find(subject);
  const consumer = await nats.jetstream().consumers.get(stream, { filterSubjects: subject });
  let left = count;
  for await (const message of await consumer.consume({ max_messages: count })) {
    const names = {};
    for (const name of message.headers ? message.headers.keys() : []) {
      names[name] = message.headers.values(name);
    }
    console.log(JSON.stringify({ text: text.decode(message.data), headers: names }));
    if (--left === 0) {
      break;
    }
  }
}

async function ask(nats, subject, question) {
  const answer = await nats.request(subject, text.encode(question), { timeout: 60000 });
  console.log(text.decode(answer.data));
}

async function serve(nats, subject, count) {
  const subscription = nats.subscribe(subject, { max: count });
  await nats.flush();
  console.log("listening");
  for await (const request of subscription) {
    request.respond(text.encode(text.decode(request.data).toUpperCase()));
  }
  await nats.flush();
}

async function main([port, what, subject, rest]) {
  const nats = await connect({ servers: `127.0.0.1:${port}` });
  const todo = { write, read, ask, serve }[what];
  await todo(nats, subject, what === "ask" ? rest : Number(rest));
  await nats.close();
}

main(process.argv.slice(2)).catch((failure) => {
  console.error(failure);
  process.exitCode = 1;
});
