package io.hostpipe.bench;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.PipeContext;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/** Hostpipe's end at a broker, through the library, as the command uses it as well. */
final class BrokerEnd {
  private BrokerEnd() {}

  /** Words: publish, consume or hear; the address, how many messages, and their length. */
  public static void main(String[] words) throws Exception {
    Address address = Address.parse(words[1]);
    int count = Integer.parseInt(words[2]);
    int lengthBytes = Integer.parseInt(words[3]);
    switch (words[0]) {
      case "publish" -> publish(address, count, lengthBytes);
      case "consume" -> consume(address, count);
      default -> hear(address, count, lengthBytes);
    }
    System.out.flush();
    // What the libraries of brokers leave running is nobody's figure.
    Runtime.getRuntime().halt(0);
  }

  private static void publish(Address address, int count, int lengthBytes) throws Exception {
    PipeContext context = PipeContext.messages(Hostpipe.pool()).withDirections(true, false);
    ByteBuffer message = message(lengthBytes);
    try (Target target = Hostpipe.connector(address).target(address, context);
        Sink sink = target.open(new StreamId("bench-" + UUID.randomUUID()), Encoding.RECORDS)) {
      PipeMessages.Sender sender = new PipeMessages.Sender(sink);
      int warmUp = FreshJvm.warmUp(count);
      send(sender, message, warmUp);
      long begun = System.nanoTime();
      send(sender, message, count - warmUp);
      FreshJvm.tell(count - warmUp, begun);
    }
  }

  private static void send(PipeMessages.Sender sender, ByteBuffer message, int count)
      throws Exception {
    for (int sent = 0; sent < count; sent++) {
      sender.send(message.clear());
    }
    sender.awaitAcknowledged();
  }

  private static void consume(Address address, int count) throws Exception {
    try (Source source = source(address)) {
      measure(source, count, new AtomicLong());
    }
  }

  /** What keeps nothing has to be published while it is listened to. */
  private static void hear(Address address, int count, int lengthBytes) throws Exception {
    AtomicLong heard = new AtomicLong();
    try (Source source = source(address);
        BareNats.Feeder feeder = BareNats.feed(address.port(), address.path(), lengthBytes)) {
      feeder.begin(heard, count);
      measure(source, count, heard);
    }
  }

  private static void measure(Source source, int count, AtomicLong seen) throws Exception {
    read(source, FreshJvm.warmUp(count), seen);
    long before = seen.get();
    long begun = System.nanoTime();
    read(source, count, seen);
    FreshJvm.tell(seen.get() - before, begun);
  }

  private static Source source(Address address) throws Exception {
    PipeContext context = PipeContext.messages(Hostpipe.pool()).withDirections(false, true);
    return Hostpipe.connector(address).source(address, context);
  }

  /** Reads until so many are there, looking at each message. */
  private static void read(Source source, int count, AtomicLong seen) throws Exception {
    long[] bytes = {0};
    Batch.Visitor visitor =
        (end, payload, headers) -> {
          seen.lazySet(seen.get() + 1);
          bytes[0] += payload.remaining();
        };
    while (seen.get() < count) {
      Batch batch = source.read();
      if (batch == null) {
        throw new IllegalStateException("the stream ended behind " + seen + " messages");
      }
      try (batch) {
        batch.forEach(visitor);
        source.commit(batch.endPosition());
      }
    }
  }

  /** Bytes that compress badly. */
  static ByteBuffer message(int lengthBytes) {
    ByteBuffer message = ByteBuffer.allocateDirect(lengthBytes);
    new Random(1).ints(lengthBytes).forEach(each -> message.put((byte) each));
    return message;
  }
}
