package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.servers.RabbitServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rights that a user does not have, or that are taken from one whose pipes run: they end with what
 * is missing, and nothing is lost once they are given back. A server remembers rights for a while
 * for who is connected, so the connections break at that moment.
 */
final class RightsTest {
  private static final String ALL = ".*";
  private static final String NONE = "^$";

  @TempDir private static Path folder;

  private static RabbitServer server;

  private TestQueue queue;
  private TestStream stream;
  private Tap toQueues;
  private Tap toStreams;

  @BeforeAll
  static void start() throws Exception {
    server = RabbitServer.start(folder);
    server.awaitRunning();
    server.administer("add_user", "limited", "secret");
    server.administer("add_vhost", "other");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void open() throws Exception {
    queue = new TestQueue(server);
    stream = new TestStream(server);
    toQueues = Tap.to(server.port());
    toStreams = Tap.to(server.streamPort());
    give(ALL);
  }

  @AfterEach
  void close() throws IOException {
    queue.close();
    stream.close();
    toQueues.close();
    toStreams.close();
  }

  /** Whether the user may not enter the virtual host any more, or may do nothing there. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aWriterOfAQueueWhoseRightsAreTakenEndsAndLosesNothing(boolean whole) throws Exception {
    Sink first = queue.sink("numbers", ofLimited("?single"));
    TestQueue.writeNumbers(first, 1, 100);
    first.awaitCommitted(first.resume().position());
    take(whole);
    InParallel.await(() -> !queue.warnings().isEmpty());
    isDenied(() -> writeOn(first));
    give(ALL);
    Sink again = queue.sink("numbers", ofLimited("?single"));
    TestQueue.writeNumbers(again, 1, 200);
    again.finish();
    Source source = queue.source("?once&until=empty");
    assertThat(TestQueue.read(source, Integer.MAX_VALUE)).isEqualTo(TestQueue.numbers(1, 200));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aReaderOfAQueueWhoseRightsAreTakenEndsAndLosesNothing(boolean whole) throws Exception {
    Sink sink = queue.sink("numbers", "");
    TestQueue.writeNumbers(sink, 1, 100);
    sink.finish();
    Source first = queue.source(ofLimited(""));
    TestQueue.Read read = TestQueue.read(first, 50, false);
    assertThat(read.texts()).hasSizeGreaterThanOrEqualTo(50);
    take(whole);
    isDenied(() -> {
      while (true) {
        TestQueue.read(first, 1, false);
      }
    });
    give(ALL);
    assertThat(TestQueue.read(queue.source(ofLimited("?until=empty")), Integer.MAX_VALUE))
        .containsExactlyInAnyOrderElementsOf(TestQueue.numbers(1, 100));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aWriterOfAStreamWhoseRightsAreTakenEndsAndLosesNothing(boolean whole) throws Exception {
    Sink first = stream.sink("numbers", streamOfLimited(""));
    TestStream.writeNumbers(first, 1, 100);
    first.awaitCommitted(first.resume().position());
    long end = first.resume().position();
    take(whole);
    InParallel.await(() -> !stream.warnings().isEmpty());
    isDenied(() -> writeOn(first));
    give(ALL);
    Sink again = stream.sink("numbers", streamOfLimited(""));
    assertThat(again.resume().position()).isEqualTo(end);
    TestStream.writeNumbers(again, 101, 200);
    again.finish();
    assertThat(TestStream.read(stream.source("?until=last"), Integer.MAX_VALUE))
        .isEqualTo(TestStream.numbers(1, 200));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aReaderOfAStreamWhoseRightsAreTakenEndsAndLosesNothing(boolean whole) throws Exception {
    Sink sink = stream.sink("numbers", "");
    TestStream.writeNumbers(sink, 1, 100);
    sink.finish();
    Source first = stream.source(streamOfLimited(""));
    TestQueue.Read read = TestQueue.read(first, 100, true);
    take(whole);
    isDenied(first::read);
    give(ALL);
    TestStream.writeNumbers(stream.sink("others", ""), 101, 200);
    Source rest = stream.source(streamOfLimited(""));
    assertThat(rest.seek(read.end())).isFalse();
    assertThat(TestStream.read(rest, 100)).isEqualTo(TestStream.numbers(101, 200));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoMayNotUseAQueueIsToldAtTheStartWhatIsMissing(boolean reads) throws Exception {
    String start = "amqp://limited:secret@127.0.0.1:" + server.port() + "/";
    isDenied(() -> beginQueue(start + "missing/q", reads), "vhost missing not found");
    isDenied(() -> beginQueue(start + "other/q", reads), "access to vhost 'other' refused");
    give(NONE);
    isDenied(
        () -> beginQueue(start + queue.name(), reads),
        "access to queue '" + queue.name() + "' in vhost '/' refused");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoMayNotUseAStreamIsToldAtTheStartWhatIsMissing(boolean reads) throws Exception {
    String start = "rabbitmq-stream://limited:secret@127.0.0.1:" + server.streamPort() + "/";
    // The server does not say which of the two it is.
    for (String host : List.of("missing", "other")) {
      isDenied(
          () -> beginStream(start + host + "/q", reads),
          "the virtual host '" + host + "' is not there, or the user may not enter it");
    }
    stream.sink("first", "").finish();
    give(NONE);
    isDenied(
        () -> beginStream(start + stream.name(), reads),
        "the stream " + stream.name() + " cannot be ");
  }

  private void beginQueue(String address, boolean reads) throws Exception {
    if (reads) {
      queue.source(Address.parse(address)).read();
    } else {
      queue.sink("any", Address.parse(address)).resume();
    }
  }

  private void beginStream(String address, boolean reads) throws Exception {
    if (reads) {
      stream.source(Address.parse(address)).read();
    } else {
      stream.sink("any", Address.parse(address)).resume();
    }
  }

  private static void writeOn(Sink sink) throws Exception {
    while (true) {
      TestQueue.writeNumbers(sink, 101, 101);
      sink.awaitCommitted(sink.resume().position());
    }
  }

  private static void isDenied(ThrowingCallable what) {
    isDenied(what, "");
  }

  private static void isDenied(ThrowingCallable what, String missing) {
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(what)
        .withMessageContaining(missing)
        .withMessageNotContaining("secret")
        .withMessageContaining("its administrator gives rights with rabbitmqctl set_permissions")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.PERMISSION_DENIED));
  }

  private static void give(String what) throws Exception {
    server.administer("set_permissions", "-p", "/", "limited", what, what, what);
  }

  private void take(boolean whole) throws Exception {
    if (whole) {
      server.administer("clear_permissions", "-p", "/", "limited");
    } else {
      give(NONE);
    }
    toQueues.cut();
    toStreams.cut();
  }

  private Address ofLimited(String query) throws Exception {
    return Address.parse(
        "amqp://limited:secret@127.0.0.1:" + toQueues.port() + "/" + queue.name() + query);
  }

  private Address streamOfLimited(String query) throws Exception {
    return Address.parse(
        "rabbitmq-stream://limited:secret@127.0.0.1:"
            + toStreams.port()
            + "/"
            + stream.name()
            + query);
  }
}
