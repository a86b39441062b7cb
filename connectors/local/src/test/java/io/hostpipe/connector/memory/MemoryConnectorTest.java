package io.hostpipe.connector.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.hostpipe.Address;
import io.hostpipe.Committed;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.Received;
import io.hostpipe.testkit.ReplaySource;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the library's first page shows, over memory; and what is particular to memory. */
@SuppressWarnings("try") // closing by hand is what is tested
final class MemoryConnectorTest {
  private final BlockPool pool = new BlockPool(1 << 20);
  private final PipeContext context = PipeContext.messages(pool);
  private final MemoryConnector connector = new MemoryConnector();
  private final String name = UUID.randomUUID().toString();

  @AfterEach
  void givesEveryBlockBack() {
    InParallel.await(() -> pool.takenBytes() == 0);
  }

  private Address address(String scheme) throws PipeException {
    return Address.parse(scheme + "://" + name);
  }

  private Listener listen() throws PipeException {
    return connector.listen(address("memory-listen"), context);
  }

  private Pipe connect() throws PipeException {
    return connector.connect(address("memory"), context);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void sendsAndHandlesMessagesAsOnTheFirstPage() throws Exception {
    try (Listener listener = listen();
        Pipe client = connect();
        Pipe server = listener.accept()) {
      Pipe.Sent order = client.send(bytes("two coffees"), Headers.of(Headers.KEY, "table 4"));
      Pipe.Sent odd = client.send(bytes("a unicorn"));
      Iterator<Message> messages = server.messages().iterator();
      Message first = messages.next();
      assertThat(first.text()).isEqualTo("two coffees");
      assertThat(first.key()).asString(StandardCharsets.UTF_8).isEqualTo("table 4");
      assertThat(first.endPosition()).isEqualTo(order.endPosition());
      first.commit();
      assertThat(order.awaitCommitted()).isEqualTo(new Committed(order.endPosition(), List.of()));
      Message second = messages.next();
      Rejection why = new Rejection(Status.NOT_FOUND, "no unicorns today");
      second.reject(why);
      second.commit();
      assertThat(odd.awaitCommitted().rejected())
          .containsExactly(new Committed.Rejected(odd.endPosition(), why));
      InParallel<Boolean> finishing =
          InParallel.run(() -> {
            client.sink().finish();
            return true;
          });
      assertThat(messages.hasNext()).isFalse();
      assertThat(finishing.join()).isTrue();
      assertThatIllegalStateException().isThrownBy(() -> client.send(bytes("more")));
    }
  }

  @Test
  void theMessagesOfABrokenPipeEndWithItsFailure() throws Exception {
    try (Listener listener = listen();
        Pipe client = connect();
        Pipe server = listener.accept()) {
      client.close();
      assertThatExceptionOfType(UncheckedIOException.class)
          .isThrownBy(() -> server.messages().iterator().hasNext())
          .withCauseInstanceOf(PipeException.Closed.class);
    }
  }

  @Test
  void connectsOnlyToWhoListens() throws Exception {
    assertThatExceptionOfType(PipeException.Unreachable.class)
        .isThrownBy(this::connect)
        .withMessageContaining("nobody listens at memory-listen://" + name);
    try (Listener listener = listen()) {
      assertThat(listener.address()).isEqualTo(address("memory-listen"));
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(this::listen)
          .withMessageContaining("taken by another listener");
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(
              () -> connector.connect(address("memory"), context.withEncoding(Encoding.RAW)))
          .withMessageContaining("moves RECORDS, not RAW");
    }
    assertThatExceptionOfType(PipeException.Unreachable.class).isThrownBy(this::connect);
    listen().close();
  }

  @Test
  void closingAListenerWakesWhoAcceptsAndKeepsAcceptedPipes() throws Exception {
    try (Listener listener = listen();
        Pipe client = connect();
        Pipe server = listener.accept();
        Pipe waiting = connect()) {
      listener.close();
      assertThatExceptionOfType(PipeException.Closed.class).isThrownBy(listener::accept);
      assertThatExceptionOfType(PipeException.class).isThrownBy(() -> waiting.send(bytes("x")));
      Pipe.Sent sent = client.send(bytes("still here"));
      server.messages().iterator().next().commit();
      assertThat(sent.awaitCommitted().position()).isEqualTo(sent.endPosition());
    }
    Listener another = listen();
    InParallel<Pipe> accepting = InParallel.run(another::accept);
    accepting.awaitBlocked();
    another.close();
    assertThat(accepting.failure()).isInstanceOf(PipeException.Closed.class);
  }

  @Test
  void oneStreamIsConnectedOnceAndComesBackWhereItStood() throws Exception {
    StreamId stream = new StreamId("till 1");
    PipeContext mine = context.withStream(stream);
    try (Listener listener = listen();
        ReplaySource list = new ReplaySource(stream, pool, List.of("one", "two", "three"))) {
      try (Pipe client = connector.connect(address("memory"), mine);
          Pipe server = listener.accept()) {
        assertThatExceptionOfType(PipeException.Refused.class)
            .isThrownBy(() -> connector.connect(address("memory"), mine))
            .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ALREADY_EXISTS));
        client.sink().write(list.batch(0));
        client.sink().write(list.batch(1, 3));
        Received.readCount(server.source(), 3, list.border(3));
        server.source().commit(list.border(2));
      }
      try (Pipe client = connector.connect(address("memory"), mine);
          Pipe server = listener.accept()) {
        assertThat(client.sink().resume())
            .as("inside a batch neither digest nor cursor is known")
            .isEqualTo(new Resume(list.border(2), null, null));
        client.sink().write(list.batch(1, 3));
        Received.readCount(server.source(), 1, list.border(3));
        server.source().commit(list.border(3));
      }
      try (Pipe client = connector.connect(address("memory"), mine);
          Pipe server = listener.accept()) {
        assertThat(client.sink().resume().position()).isEqualTo(list.border(3));
        assertThat(client.sink().resume().cursor()).isNotNull();
        assertThat(server.source().seek(client.sink().resume())).isFalse();
        assertThatExceptionOfType(PipeException.Refused.class)
            .isThrownBy(() -> server.source().seek(Resume.START))
            .withMessageContaining("goes on at position " + list.border(3));
      }
    }
  }

  @Test
  void aSideThatDoesNotSendIsAtItsEndAndOneThatDoesNotReadRefuses() throws Exception {
    try (Listener listener =
            connector.listen(address("memory-listen"), context.withDirections(false, true));
        Pipe client = connector.connect(address("memory"), context.withDirections(true, false));
        Pipe server = listener.accept()) {
      assertThat(client.source().read()).isNull();
      InParallel<Received> reading = InParallel.run(() -> Received.readAll(server.source(), true));
      client.send(bytes("one way"));
      client.sink().finish();
      assertThat(reading.join().texts()).containsExactly("one way");
    }
    try (Listener listener =
            connector.listen(address("memory-listen"), context.withDirections(true, false));
        Pipe client = connect();
        Pipe server = listener.accept()) {
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> client.send(bytes("to nobody")))
          .withMessageContaining("does not read");
      client.close();
      assertThat(server.description()).contains(name);
    }
    try (Listener listener =
            connector.listen(address("memory-listen"), context.withDirections(true, false));
        Pipe client = connect();
        Pipe server = listener.accept()) {
      client.sink().finish();
      assertThat(server.sink().resume()).isEqualTo(Resume.START);
    }
  }

  @Test
  void aLogKeepsItsPartitionsApartAndVerifiesWhereASinkStands() throws Exception {
    Address log = address("memory-log");
    try (Target target = connector.target(log, context)) {
      for (String partition : new String[] {"0", "1"}) {
        try (ReplaySource list =
                new ReplaySource(
                    new StreamId(partition), pool, List.of("first of " + partition, "x"));
            Sink sink = target.open(new StreamId(partition), Encoding.RECORDS)) {
          sink.write(list.batch(0, 1 + Integer.parseInt(partition)));
          sink.finish();
        }
      }
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> connector.source(log, context))
          .withMessageContaining("stream=ID")
          .withMessageContaining("[0, 1]");
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> connector.source(log.withOption("stream", "2"), context))
          .satisfies(e -> assertThat(e.status()).isEqualTo(Status.NOT_FOUND));
      assertThatExceptionOfType(PipeException.Refused.class)
          .isThrownBy(() -> target.open(new StreamId("0"), Encoding.RAW));
    }
    try (Source source = connector.source(log.withOption("stream", "1"), context)) {
      assertThat(Received.readAll(source, true).texts()).containsExactly("first of 1", "x");
      assertThatExceptionOfType(PipeException.DataLoss.class)
          .isThrownBy(() -> source.seek(new Resume(12, null, new Digest(1, 2))))
          .withMessageContaining("has other bytes before position 12");
      assertThatExceptionOfType(PipeException.DataLoss.class)
          .isThrownBy(() -> source.seek(new Resume(1_000, null, null)))
          .withMessageContaining("ends at position 15");
      assertThat(source.seek(new Resume(12, null, null))).isFalse();
      assertThat(Received.readAll(source, true).texts()).containsExactly("x");
    }
  }

  @Test
  void answersForItsSchemes() throws Exception {
    assertThat(connector.kind("memory")).isEqualTo(Connector.Kind.CONNECTS);
    assertThat(connector.kind("memory-listen")).isEqualTo(Connector.Kind.LISTENS);
    assertThat(connector.kind("memory-log")).isEqualTo(Connector.Kind.STORES);
    for (String scheme : connector.schemes()) {
      assertThat(connector.help(scheme)).contains(scheme + "://NAME");
      assertThat(Hostpipe.connector(address(scheme))).isInstanceOf(MemoryConnector.class);
      assertThat(connector.capabilities(address(scheme)).messages()).isTrue();
    }
    assertThat(connector.check(address("memory-listen"), true)).endsWith("free");
    try (Listener listener = listen()) {
      assertThat(listener.address()).isNotNull();
      assertThat(connector.check(address("memory-listen"), true)).endsWith("taken");
      assertThat(connector.check(address("memory"), false)).endsWith("is there");
    }
    assertThat(connector.check(address("memory-log"), false)).contains("a log");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> connector.target(Address.parse("memory-log://"), context))
        .withMessageContaining("has no name");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() ->
            connector.target(
                address("memory-log").withOption("max-message-bytes", "many"), context))
        .withMessageContaining("max-message-bytes");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> connector.target(address("memory"), context))
        .withMessageContaining("cannot be written to");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> connector.connect(address("memory-log"), context));
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> connector.listen(address("memory"), context));
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> connector.source(address("memory-listen"), context));
  }
}
