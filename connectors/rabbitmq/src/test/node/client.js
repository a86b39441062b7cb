// A client of RabbitMQ that knows nothing of Hostpipe.
//
//   node client.js PORT send QUEUE COUNT     "message 1" and so on, with headers; waits for confirms
//   node client.js PORT receive QUEUE COUNT  one line of JSON for each message
//   node client.js PORT ask QUEUE COUNT      "question 1" and so on; one line of JSON for each answer
//   node client.js PORT answer QUEUE COUNT   answers so many requests, each with its own text doubled
"use strict";
const amqp = require("amqplib");

async function send(channel, queue, count) {
  await channel.checkQueue(queue);
  for (let n = 1; n <= count; n++) {
    channel.sendToQueue(queue, Buffer.from(`message ${n}`), {
      persistent: true,
      messageId: `id ${n}`,
      contentType: "text/plain",
      correlationId: `c${n}`,
      timestamp: 1700000000,
      headers: { colour: "rot", number: n, yes: true, list: [1, "x"] },
    });
  }
  await channel.waitForConfirms();
}

function receive(channel, queue, count) {
  return new Promise((resolve, reject) => {
    let seen = 0;
    channel
      .consume(queue, (message) => {
        if (seen === count) return;
        console.log(
          JSON.stringify({
            text: message.content.toString(),
            id: message.properties.messageId,
            type: message.properties.contentType,
            colour: message.properties.headers.colour,
            key: message.properties.headers["hostpipe-key"],
            time: message.properties.timestamp,
          }),
        );
        channel.ack(message);
        if (++seen === count) resolve();
      })
      .catch(reject);
  });
}

function ask(channel, queue, count) {
  const replyTo = "amq.rabbitmq.reply-to";
  return new Promise((resolve, reject) => {
    let seen = 0;
    const heard = (message) => {
      console.log(
        JSON.stringify({
          text: message.content.toString(),
          id: message.properties.correlationId,
        }),
      );
      if (++seen === count) resolve();
    };
    channel
      .consume(replyTo, heard, { noAck: true })
      .then(() => {
        for (let n = 1; n <= count; n++) {
          channel.sendToQueue(queue, Buffer.from(`question ${n}`), { replyTo, correlationId: `q${n}` });
        }
      })
      .catch(reject);
  });
}

async function answer(channel, queue, count) {
  await channel.assertQueue(queue, { durable: true });
  await new Promise((resolve, reject) => {
    let seen = 0;
    channel
      .consume(queue, (message) => {
        const { replyTo, correlationId } = message.properties;
        const text = message.content.toString();
        channel.sendToQueue(replyTo, Buffer.from(text + text), { correlationId });
        channel.ack(message);
        if (++seen === count) resolve();
      })
      .catch(reject);
  });
  await channel.waitForConfirms();
}

async function main([port, what, queue, count]) {
  const connection = await amqp.connect(`amqp://127.0.0.1:${port}`);
  const channel = await connection.createConfirmChannel();
  await { send, receive, ask, answer }[what](channel, queue, Number(count));
  await channel.close();
  await connection.close();
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
