package io.hostpipe.connector.nats;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.BatchWriter;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.testkit.servers.NatsServer;
import io.nats.client.Connection;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PullSubscribeOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A subject of a test's own, with Hostpipe's ends of it and a client that knows nothing of it. */
final class Subject implements AutoCloseable {
  private final NatsConnector connector = new NatsConnector();
  private final BlockPool pool = new BlockPool(8 << 20);
  private final Queue<String> warnings = new ConcurrentLinkedQueue<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final String name = "test." + UUID.randomUUID();
  private final NatsServer server;

  Subject(NatsServer server) {
    this.server = server;
  }

  String name() {
    return name;
  }

  /** Everything that its ends warned of. */
  List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** Its address, with options as a query has them. */
  Address address(String query) throws PipeException {
    return Address.parse("nats://127.0.0.1:" + server.port() + "/" + name + query);
  }

  /** A sink of messages for a stream of this name. */
  Sink sink(String stream, String query) throws PipeException, InterruptedException {
    Target target = connector.target(address(query), context());
    open.add(target);
    return target.open(new StreamId(stream), Encoding.RECORDS);
  }

  /** Both directions, as a destination or as a source has them. */
  Pipe pipe(String query, boolean asSource) throws PipeException {
    Pipe pipe =
        asSource
            ? connector.connectAsSource(address(query), context())
            : connector.connect(address(query), context());
    open.add(pipe);
    return pipe;
  }

  /** A source of messages. */
  Source source(String query) throws PipeException, InterruptedException {
    Source source = connector.source(address(query), context());
    open.add(source);
    return source;
  }

  /** A client that is closed with the rest. */
  Connection client() throws IOException, InterruptedException {
    Connection client =
        Nats.connect(
            new Options.Builder()
                .server("nats://127.0.0.1:" + server.port())
                .maxReconnects(-1)
                .reconnectWait(Duration.ofMillis(50))
                .errorListener(new io.nats.client.ErrorListener() {})
                .build());
    open.add(client);
    return client;
  }

  /** What a client that knows nothing of Hostpipe finds in JetStream, in its order. */
  List<String> stored() throws Exception {
    Connection client = client();
    List<String> names = client.jetStreamManagement().getStreamNames(name);
    long count =
        client.jetStreamManagement().getStreamInfo(names.getFirst()).getStreamState().getMsgCount();
    JetStreamSubscription subscription =
        client.jetStream().subscribe(name, PullSubscribeOptions.builder().build());
    List<String> all = new ArrayList<>();
    while (all.size() < count) {
      List<Message> some =
          subscription.fetch((int) Math.min(500, count - all.size()), Duration.ofMinutes(2));
      for (Message each : some) {
        each.ack();
        all.add(new String(each.getData(), StandardCharsets.UTF_8));
      }
    }
    return all;
  }

  /** Writes messages, a hundred in each batch: the numbers from one to another. */
  static void writeNumbers(Sink sink, int from, int to) throws PipeException, InterruptedException {
    int next = from;
    while (next <= to) {
      try (BatchWriter batch = sink.newBatch(8 << 10)) {
        for (int count = 0; count < 100 && next <= to; count++) {
          batch.add(bytes("" + next));
          next++;
        }
        sink.write(batch);
      }
    }
  }

  /** Writes one message. */
  static long write(Sink sink, String text, Headers headers)
      throws PipeException, InterruptedException {
    try (BatchWriter batch = sink.newBatch(0)) {
      batch.add(bytes(text), headers);
      return sink.write(batch);
    }
  }

  /** Reads so many messages and commits them. */
  static List<String> read(Source source, int count) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    while (all.size() < count) {
      Batch batch = source.read();
      if (batch == null) {
        break;
      }
      try (Batch one = batch) {
        one.forEach((end, payload, headers) ->
            all.add(StandardCharsets.UTF_8.decode(payload.duplicate()).toString()));
        source.commit(one.endPosition());
      }
    }
    return all;
  }

  /** Those numbers as text. */
  static List<String> numbers(int from, int to) {
    List<String> all = new ArrayList<>();
    for (int each = from; each <= to; each++) {
      all.add("" + each);
    }
    return all;
  }

  @Override
  public void close() throws IOException {
    for (AutoCloseable each : open.reversed()) {
      try {
        each.close();
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
  }

  private PipeContext context() {
    return PipeContext.messages(pool)
        .withEvents(
            new PipeEvents() {
              @Override
              public void warning(String text) {
                warnings.add(text);
              }
            });
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
