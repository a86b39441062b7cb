package io.hostpipe.testkit;

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
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;

/**
 * Hostpipe's ends of one place in a broker that is a test's own: what messages go into, and come
 * out of. A connector's tests add clients that know nothing of Hostpipe. All is closed together,
 * what was opened last first.
 *
 * <p>Thread rule: a test's own thread, but for what the ends warn of.
 */
public abstract class StoreEnds implements AutoCloseable {
  private static final int NAMED_MAX = 10;
  private static final int BATCH_MESSAGES = 100;

  private final Connector connector;
  private final String name;
  private final BlockPool pool = new BlockPool(8 << 20);
  private final Queue<String> warnings = new ConcurrentLinkedQueue<>();
  private final List<AutoCloseable> open = new ArrayList<>();

  /** Ends of the place with this name. */
  protected StoreEnds(Connector connector, String name) {
    this.connector = connector;
    this.name = name;
  }

  /** What the place is called in the broker. */
  public final String name() {
    return name;
  }

  /** Its address, with options as a query has them. */
  public abstract Address address(String query) throws PipeException;

  /** Everything that its ends warned of. */
  public final List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** What sinks are opened on. */
  public final Target target(String query) throws PipeException, InterruptedException {
    return target(address(query));
  }

  /** A sink of messages for a stream of this name. */
  public final Sink sink(String stream, String query) throws PipeException, InterruptedException {
    return sink(stream, address(query));
  }

  /** The same for any address. */
  public final Sink sink(String stream, Address address)
      throws PipeException, InterruptedException {
    return target(address).open(new StreamId(stream), Encoding.RECORDS);
  }

  /** A source of messages. */
  public final Source source(String query) throws PipeException, InterruptedException {
    return source(address(query));
  }

  /** The same for any address. */
  public final Source source(Address address) throws PipeException, InterruptedException {
    return closing(connector.source(address, context()));
  }

  /** Both directions, as a destination or as a source has them. */
  public final Pipe pipe(String query, boolean asSource) throws PipeException {
    return closing(
        asSource
            ? connector.connectAsSource(address(query), context())
            : connector.connect(address(query), context()));
  }

  /** What check says of it. */
  public final String check(String query, boolean asSource)
      throws PipeException, InterruptedException {
    return connector.check(address(query), asSource);
  }

  /** Writes messages, a hundred in each batch: the numbers from one to another. */
  public static void writeNumbers(Sink sink, int from, int to)
      throws PipeException, InterruptedException {
    int next = from;
    while (next <= to) {
      try (BatchWriter batch = sink.newBatch(8 << 10)) {
        for (int count = 0; count < BATCH_MESSAGES && next <= to; count++) {
          batch.add(bytes("" + next));
          next++;
        }
        sink.write(batch);
      }
    }
  }

  /**
   * Writes the numbers from 1 on, at least so many, and on for as long as something goes on: with
   * little under way from then on, and never with nothing to come.
   *
   * @return the last one
   */
  public static int writeNumbersWhile(BooleanSupplier goesOn, Sink sink, int least)
      throws PipeException, InterruptedException {
    int last = 0;
    while (last < least || goesOn.getAsBoolean()) {
      writeNumbers(sink, last + 1, last + BATCH_MESSAGES);
      last += BATCH_MESSAGES;
      if (last >= least) {
        sink.awaitCommitted(sink.resume().position());
      }
    }
    return last;
  }

  /** Writes one message. */
  public static long write(Sink sink, String text, Headers headers)
      throws PipeException, InterruptedException {
    try (BatchWriter batch = sink.newBatch(0)) {
      batch.add(bytes(text), headers);
      return sink.write(batch);
    }
  }

  /** Reads at least so many messages, or what there is until the end, and commits them. */
  public static List<String> read(Source source, int count)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    while (all.size() < count) {
      Batch batch = source.read();
      if (batch == null) {
        break;
      }
      try (Batch one = batch) {
        one.forEach((end, payload, headers) -> all.add(text(payload)));
        source.commit(one.endPosition());
      }
    }
    return all;
  }

  /** Those numbers as text. */
  public static List<String> numbers(int from, int to) {
    List<String> all = new ArrayList<>();
    for (int each = from; each <= to; each++) {
      all.add("" + each);
    }
    return all;
  }

  /**
   * What keeps texts from being the numbers of a range, each once and in order; empty when nothing
   * does. A short line, whatever the range.
   */
  public static String wrong(List<String> found, int from, int to) {
    List<String> wanted = numbers(from, to);
    if (found.equals(wanted)) {
      return "";
    }
    Set<String> missing = new LinkedHashSet<>(wanted);
    List<String> others = new ArrayList<>();
    for (String each : found) {
      if (!missing.remove(each)) {
        others.add(each);
      }
    }
    int place = 0;
    while (place < found.size() && found.get(place).equals(wanted.get(place))) {
      place++;
    }
    return found.size()
        + " texts; "
        + missing.size()
        + " are missing, from "
        + missing.stream().findFirst().orElse("none")
        + "; "
        + others.size()
        + " are there again, or are others: "
        + others.stream().limit(NAMED_MAX).toList()
        + "; from index "
        + place
        + " on they are "
        + found.subList(place, Math.min(found.size(), place + NAMED_MAX));
  }

  /** A payload as text. */
  protected static String text(ByteBuffer payload) {
    return StandardCharsets.UTF_8.decode(payload.duplicate()).toString();
  }

  /** Whatever this is, it is closed with the rest. */
  protected final <T extends AutoCloseable> T closing(T opened) {
    open.add(opened);
    return opened;
  }

  /** The link to the broker is gone: nothing that a test looks at, unless it says so. */
  protected void linkDown(String reason) {}

  /** It stands among the warnings from here on. */
  protected final void warned(String text) {
    warnings.add(text);
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

  private Target target(Address address) throws PipeException, InterruptedException {
    return closing(connector.target(address, context()));
  }

  /** What ends are opened with. */
  protected final PipeContext context() {
    return PipeContext.messages(pool)
        .withEvents(
            new PipeEvents() {
              @Override
              public void warning(String text) {
                warned(text);
              }

              @Override
              public void linkDown(String peer, String reason, Duration retryIn) {
                StoreEnds.this.linkDown(reason);
              }
            });
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
