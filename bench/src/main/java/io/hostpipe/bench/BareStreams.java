package io.hostpipe.bench;

import com.rabbitmq.stream.Consumer;
import com.rabbitmq.stream.Environment;
import com.rabbitmq.stream.OffsetSpecification;
import com.rabbitmq.stream.Producer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The least that a program does with RabbitMQ's own client of streams: it publishes under a name,
 * by which the server drops what comes twice, with the settings that Hostpipe has; and reads as the
 * client does by itself.
 */
final class BareStreams {
  /** The default of Hostpipe's in-flight. */
  private static final int WINDOW = 10_000;

  /** As many as Hostpipe sends at a time. */
  private static final int TOGETHER_MAX = 1_000;

  private BareStreams() {}

  /** Words: publish or consume, the port, the stream, how many messages, and their length. */
  public static void main(String[] words) throws Exception {
    int count = Integer.parseInt(words[3]);
    String uri = "rabbitmq-stream://127.0.0.1:" + words[1];
    try (Environment environment = Environment.builder().uri(uri).build()) {
      if (words[0].equals("publish")) {
        publish(environment, words[2], count, Integer.parseInt(words[4]));
      } else {
        consume(environment, words[2], count);
      }
      System.out.flush();
      Runtime.getRuntime().halt(0);
    }
  }

  private static void publish(Environment environment, String stream, int count, int lengthBytes)
      throws Exception {
    byte[] message = new byte[lengthBytes];
    BrokerEnd.message(lengthBytes).flip().get(message);
    AtomicInteger refused = new AtomicInteger();
    try (Producer producer =
        environment.producerBuilder().stream(stream)
            .name("bench")
            .batchSize(TOGETHER_MAX)
            .maxUnconfirmedMessages(WINDOW)
            .build()) {
      PeerLoop.publish(
          count,
          WINDOW,
          (number, confirmed) ->
              producer.send(
                  producer.messageBuilder().addData(message).build(),
                  told -> {
                    if (!told.isConfirmed()) {
                      refused.incrementAndGet();
                    }
                    confirmed.run();
                  }));
    }
    if (refused.get() > 0) {
      throw new IllegalStateException(refused + " messages were not confirmed");
    }
  }

  private static void consume(Environment environment, String stream, int count) throws Exception {
    PeerLoop.Arrivals arrivals = new PeerLoop.Arrivals(count);
    AtomicLong bytes = new AtomicLong();
    try (Consumer _ =
        environment.consumerBuilder().stream(stream)
            .offset(OffsetSpecification.first())
            .messageHandler((context, message) -> {
              bytes.lazySet(bytes.get() + message.getBodyAsBinary().length);
              arrivals.add();
            })
            .build()) {
      arrivals.await();
    }
  }
}
