package io.hostpipe.bench;

import io.nats.client.Connection;
import io.nats.client.ConsumeOptions;
import io.nats.client.Dispatcher;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStream;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.OrderedConsumerConfiguration;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsMessage;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The least that a program does with jnats: it publishes with a window of unconfirmed messages, and
 * reads in pulled batches, with the settings that Hostpipe has.
 */
@SuppressWarnings("try") // an interrupted close ends the JVM
final class BareNats {
  /** The default of Hostpipe's in-flight. */
  private static final int WINDOW = 4096;

  private static final long AHEAD_BYTES = 8L << 20;

  /** How far who publishes is ahead of who listens: fewer than a server cuts a connection for. */
  private static final int AHEAD_MAX = 20_000;

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private BareNats() {}

  /** Words: what to do, the port, the subject, how many messages, and their length. */
  public static void main(String[] words) throws Exception {
    int port = Integer.parseInt(words[1]);
    int count = Integer.parseInt(words[3]);
    int lengthBytes = Integer.parseInt(words[4]);
    switch (words[0]) {
      case "publish" -> publish(port, words[2], count, lengthBytes, false);
      case "publish-once" -> publish(port, words[2], count, lengthBytes, true);
      case "consume" -> consume(port, words[2], count);
      case "core" -> core(port, words[2], count, lengthBytes);
      default -> hear(port, words[2], count, lengthBytes);
    }
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private static void publish(int port, String subject, int count, int lengthBytes, boolean once)
      throws Exception {
    byte[] message = bytes(lengthBytes);
    try (Connection nats = connect(port)) {
      JetStream jetStream = nats.jetStream();
      AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
      String[] before = {""};
      PeerLoop.publish(
          count,
          WINDOW,
          (number, confirmed) -> {
            Headers headers = null;
            if (once) {
              String id = "bench:" + number;
              headers = new Headers().put("Nats-Msg-Id", id);
              if (number > 0) {
                headers.put("Nats-Expected-Last-Msg-Id", before[0]);
              }
              before[0] = id;
            }
            var _ =
                jetStream
                    .publishAsync(new NatsMessage(subject, null, headers, message))
                    .whenComplete((answer, why) -> {
                      if (why != null) {
                        failed.set(why);
                      }
                      confirmed.run();
                    });
          });
      check(failed.get());
    }
  }

  private static void consume(int port, String subject, int count) throws Exception {
    try (Connection nats = connect(port)) {
      OrderedConsumerConfiguration all =
          new OrderedConsumerConfiguration()
              .filterSubject(subject)
              .deliverPolicy(DeliverPolicy.All);
      try (IterableConsumer messages =
          nats.getStreamContext(subject)
              .createOrderedConsumer(all)
              .iterate(ConsumeOptions.builder().batchBytes(AHEAD_BYTES).build())) {
        int warmUp = FreshJvm.warmUp(count);
        read(messages, warmUp);
        long begun = System.nanoTime();
        read(messages, count - warmUp);
        FreshJvm.tell(count - warmUp, begun);
      }
    }
  }

  private static void read(IterableConsumer messages, int count) throws Exception {
    for (int read = 0; read < count; ) {
      if (messages.nextMessage(PATIENCE) != null) {
        read++;
      }
    }
  }

  private static void core(int port, String subject, int count, int lengthBytes) throws Exception {
    byte[] message = bytes(lengthBytes);
    try (Connection nats = connect(port)) {
      int warmUp = FreshJvm.warmUp(count);
      publish(nats, subject, message, warmUp);
      long begun = System.nanoTime();
      publish(nats, subject, message, count - warmUp);
      FreshJvm.tell(count - warmUp, begun);
    }
  }

  private static void publish(Connection nats, String subject, byte[] message, int count)
      throws Exception {
    for (int sent = 0; sent < count; sent++) {
      nats.publish(subject, message);
    }
    nats.flush(PATIENCE);
  }

  private static void hear(int port, String subject, int count, int lengthBytes) throws Exception {
    PeerLoop.Arrivals heard = new PeerLoop.Arrivals(count);
    try (Connection nats = connect(port);
        Feeder feeder = feed(port, subject, lengthBytes)) {
      Dispatcher dispatcher = nats.createDispatcher(message -> heard.add());
      dispatcher.setPendingLimits(0, 0);
      dispatcher.subscribe(subject);
      nats.flush(PATIENCE);
      feeder.begin(heard.arrived(), count);
      heard.await();
    }
  }

  /** Somebody who publishes without JetStream, and waits for who listens. */
  static Feeder feed(int port, String path, int lengthBytes) throws Exception {
    String subject = path.startsWith("/") ? path.substring(1) : path;
    return new Feeder(connect(port), subject, bytes(lengthBytes));
  }

  /**
   * One who publishes on a thread of its own, the same for all contenders.
   *
   * @param nats its connection
   * @param subject where to
   * @param message what
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Feeder(Connection nats, String subject, byte[] message) implements AutoCloseable {
    /** Publishes until so many were heard: what nobody heard yet was missed. */
    void begin(AtomicLong heard, int count) {
      Threads.start(
          "feeder",
          () -> {
            while (heard.get() == 0) {
              nats.publish(subject, message);
              nats.flush(PATIENCE);
              LockSupport.parkNanos(1_000_000);
            }
            for (long sent = heard.get(); heard.get() < count; sent++) {
              while (sent - heard.get() > AHEAD_MAX) {
                LockSupport.parkNanos(50_000);
              }
              nats.publish(subject, message);
            }
          });
    }

    @Override
    public void close() {
      // The JVM ends with what it has measured.
    }
  }

  private static Connection connect(int port) throws Exception {
    return Nats.connect(
        new Options.Builder().server("nats://127.0.0.1:" + port).noReconnect().build());
  }

  private static byte[] bytes(int lengthBytes) {
    byte[] message = new byte[lengthBytes];
    BrokerEnd.message(lengthBytes).flip().get(message);
    return message;
  }

  private static void check(@Nullable Throwable failed) {
    if (failed != null) {
      throw new IllegalStateException("a message was not confirmed", failed);
    }
  }
}
