package io.hostpipe.connector.nats;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Capabilities;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.ForwardingSink;
import io.hostpipe.spi.ForwardingSource;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.ConnectorContract;
import io.hostpipe.testkit.ContractPlace;
import io.hostpipe.testkit.ContractWay;
import io.hostpipe.testkit.servers.NatsServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract over a subject that keeps nothing, heard by somebody who listens before anything is
 * said. A subject has no end: this place tells the listener where the writer has finished.
 */
final class CoreContractTest implements ConnectorContract {
  @TempDir private static Path folder;

  private static NatsServer server;

  private final ContractPlace place = new CorePlace();

  @BeforeAll
  static void start() throws IOException {
    server = NatsServer.start(folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  public ContractPlace place() {
    return place;
  }

  private static final class CorePlace extends ContractPlace {
    private final NatsConnector connector = new NatsConnector();
    private final List<AutoCloseable> open = new ArrayList<>();

    @Override
    public Capabilities capabilities() {
      try {
        return connector.capabilities(address(new StreamId("any")));
      } catch (PipeException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public Set<Ability> abilities() {
      return Set.of();
    }

    @Override
    public ContractWay open(StreamId stream, Encoding encoding)
        throws PipeException, InterruptedException {
      PipeContext context = PipeContext.messages(pool()).withEncoding(encoding);
      Source source = connector.source(address(stream), context);
      open.add(source);
      Sink sink = connector.target(address(stream), context).open(stream, encoding);
      open.add(sink);
      AtomicLong end = new AtomicLong(Long.MAX_VALUE);
      return ContractWay.through(new Telling(sink, end), new Ending(source, end));
    }

    @Override
    public void close() {
      for (AutoCloseable each : open) {
        try {
          each.close();
        } catch (Exception e) {
          throw new AssertionError(e);
        }
      }
    }

    private static Address address(StreamId stream) throws PipeException {
      return Address.parse("nats://127.0.0.1:" + server.port() + "/contract." + stream);
    }
  }

  /** Tells where the stream ends. */
  private static final class Telling extends ForwardingSink {
    private final AtomicLong end;

    Telling(Sink sink, AtomicLong end) {
      super(sink);
      this.end = end;
    }

    @Override
    public void finish() throws PipeException, InterruptedException {
      super.finish();
      end.set(resume().position());
    }
  }

  /** Ends where it was told to. */
  private static final class Ending extends ForwardingSource {
    private static final Duration LOOK = Duration.ofMillis(20);

    private final AtomicLong end;
    private long position;
    private volatile boolean finished;

    Ending(Source source, AtomicLong end) {
      super(source);
      this.end = end;
    }

    @Override
    public @Nullable Batch read() throws PipeException, InterruptedException {
      Batch batch = null;
      while (batch == null && !finished) {
        batch = read(LOOK);
      }
      return batch;
    }

    @Override
    public @Nullable Batch read(Duration timeout) throws PipeException, InterruptedException {
      if (finished || position >= end.get()) {
        finished = true;
        return null;
      }
      Batch batch = super.read(timeout);
      if (batch != null) {
        position = batch.endPosition();
      }
      return batch;
    }

    @Override
    public boolean finished() {
      return finished;
    }
  }
}
