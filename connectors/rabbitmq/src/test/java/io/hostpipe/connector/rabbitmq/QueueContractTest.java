package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.ConnectorContract;
import io.hostpipe.testkit.ContractPlace;
import io.hostpipe.testkit.ContractWay;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The contract over a queue with one reader: a store, which has no peer that listens. */
final class QueueContractTest implements ConnectorContract {
  @TempDir private static Path folder;

  private static RabbitServer server;

  private final ContractPlace place = new Place();

  @BeforeAll
  static void start() throws IOException {
    server = RabbitServer.start(folder);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  public ContractPlace place() {
    return place;
  }

  private static final class Place extends ContractPlace {
    private final RabbitConnector connector = new RabbitConnector();
    private final List<AutoCloseable> open = new ArrayList<>();

    @Override
    public Capabilities capabilities() {
      return connector.capabilities(address(new StreamId("any")));
    }

    @Override
    public Set<Ability> abilities() {
      return EnumSet.noneOf(Ability.class);
    }

    @Override
    public ContractWay open(StreamId stream, Encoding encoding)
        throws PipeException, InterruptedException {
      PipeContext context = PipeContext.messages(pool()).withEncoding(encoding);
      Address address = address(stream);
      Target target = connector.target(address.withOption("end", "mark"), context);
      open.add(target);
      Sink sink = target.open(stream, encoding);
      open.add(sink);
      Source source = connector.source(address.withOption("until", "mark"), context);
      open.add(source);
      return ContractWay.through(sink, source);
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

    private static Address address(StreamId stream) {
      try {
        return Address.parse("amqp://127.0.0.1:" + server.port() + "/contract." + stream)
            .withOption("single", "true");
      } catch (PipeException e) {
        throw new AssertionError(e);
      }
    }
  }
}
