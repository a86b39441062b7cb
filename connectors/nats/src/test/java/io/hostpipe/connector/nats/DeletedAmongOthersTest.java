package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.nats.client.JetStream;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.StreamConfiguration;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A stream of several subjects with limits, and a reader of one of them. */
final class DeletedAmongOthersTest extends WithSubject {
  private static final String STREAM = "MIXED";
  private static final Duration LONG = Duration.ofMinutes(2);

  /** More than is on its way before the first one was taken. */
  private static final int MANY = 3_000;

  private static final int MESSAGE_BYTES = 16 << 10;

  @Test
  void whatIsDeletedWhileAReaderIsSlowMayBeALoss() throws Exception {
    List<String> read = new ArrayList<>();
    Source source = overrun("?jetstream", read);
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> readTo(source, 3 * MANY, read))
        .withMessageContaining("were deleted before they were read, as far as they had the subject")
        .withMessageContaining("lost=continue");
    assertThat(Subject.wrong(read, 1, read.size())).isEmpty();
  }

  @Test
  void whoeverGoesOnBehindItIsToldOnce() throws Exception {
    List<String> read = new ArrayList<>();
    Source source = overrun("?jetstream&lost=continue", read);
    readTo(source, 3 * MANY, read);
    assertThat(read).hasSizeLessThan(3 * MANY);
    assertThat(subject.warnings())
        .filteredOn(text -> text.contains("as far as they had"))
        .hasSize(1);
  }

  /** The reader has all of its subject, and the stream is written over meanwhile. */
  @Test
  void whatOthersLoseIsNoLossOfAReaderThatKeepsUp() throws Exception {
    make(StreamConfiguration.builder().maxMessages(100));
    publish(subject.name(), 1, 1);
    Source source = subject.source("?jetstream");
    List<String> read = new ArrayList<>();
    readTo(source, 1, read);
    for (int round = 2; round < 5; round++) {
      publish(other(), 1, 60);
      awaitLooks(source);
      publish(other(), 61, 120);
      awaitLooks(source);
      publish(subject.name(), round, round);
      readTo(source, round, read);
    }
    publish(other(), 1, 60);
    awaitLooks(source);
    server.kill();
    server.restart();
    publish(other(), 61, 130);
    publish(subject.name(), 5, 5);
    readTo(source, 5, read);
    assertThat(read).containsExactly("1", "2", "3", "4", "5");
    assertThat(subject.warnings()).noneMatch(text -> text.contains("deleted"));
  }

  /** What is deleted at the front while a new reader begins there is none of its messages. */
  @Test
  void aReaderThatBeginsAtAFrontThatMovesLosesNothing() throws Exception {
    make(StreamConfiguration.builder().maxMessages(100));
    for (int number = 1; number <= 50; number++) {
      publish(subject.name(), number, number);
      publish(other(), number, number);
    }
    Source source = subject.source("?jetstream");
    List<String> read = new ArrayList<>();
    readOnce(source, Duration.ZERO, read);
    awaitDelivered();
    publish(other(), 51, 90);
    readTo(source, 50, read);
    assertThat(Subject.wrong(read, 1, 50)).isEmpty();
    assertThat(subject.warnings()).noneMatch(text -> text.contains("deleted"));
  }

  @Test
  void whoComesBackBehindTheFrontIsToldWhatIsNotKnown() throws Exception {
    make(StreamConfiguration.builder().maxMessages(100));
    publish(subject.name(), 1, 5);
    Cursor cursor = cursorBehind(5);
    publish(other(), 1, 150);
    Source fails = subject.source("?jetstream");
    fails.seek(new Resume(0, cursor, null));
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> fails.read(LONG))
        .withMessageContaining("the messages with sequences 6 to 55 of the stream MIXED")
        .withMessageContaining("as far as they had the subject " + subject.name());
    Source goesOn = subject.source("?jetstream&lost=continue");
    goesOn.seek(new Resume(0, cursor, null));
    publish(subject.name(), 6, 6);
    List<String> read = new ArrayList<>();
    readTo(goesOn, 6, read);
    assertThat(read).containsExactly("6");
  }

  /** Each subject keeps its newest, and this one has no more than that. */
  @Test
  void whatOtherSubjectsHaveTooMuchOfIsNoLoss() throws Exception {
    make(StreamConfiguration.builder().maxMessagesPerSubject(10));
    publish(other(), 1, 5);
    publish(subject.name(), 1, 1);
    Cursor cursor = cursorBehind(1);
    publish(other(), 6, 30);
    assertThat(streams().deleteMessage(STREAM, 6)).isTrue();
    publish(subject.name(), 2, 5);
    Source source = subject.source("?jetstream");
    source.seek(new Resume(0, cursor, null));
    List<String> read = new ArrayList<>();
    readTo(source, 5, read);
    assertThat(read).containsExactly("2", "3", "4", "5");
    publish(subject.name(), 6, 12);
    Source late = subject.source("?jetstream");
    late.seek(new Resume(0, cursor, null));
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> late.read(LONG))
        .withMessageContaining("were deleted before they were read, as far as");
  }

  /** A pattern that has all of the stream's subjects reads whatever is in it. */
  @Test
  void aPatternThatHasThemAllMissesWhatItsNumbersSay() throws Exception {
    String below = subject.name() + ".";
    var _ =
        streams()
            .addStream(
                StreamConfiguration.builder()
                    .name(STREAM)
                    .maxMessages(10)
                    .subjects(below + "a", below + "b.*")
                    .build());
    publish(below + "a", 1, 5);
    Source first = reading(below + ">", "?jetstream");
    Cursor cursor = read(first, 5);
    publish(below + "b.c", 6, 20);
    Source late = reading(below + ">", "?jetstream");
    late.seek(new Resume(0, cursor, null));
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> late.read(LONG))
        .withMessageContaining(
            "sequences 6 to 10 of the stream MIXED were deleted before they were")
        .withMessageNotContaining("as far as");
  }

  private Source reading(String pattern, String query) throws Exception {
    return subject.source(
        Address.parse("nats://127.0.0.1:" + server.port() + "/" + pattern + query));
  }

  /** Begins to read, and then more is written than the stream keeps. */
  private Source overrun(String query, List<String> read) throws Exception {
    make(StreamConfiguration.builder().maxMessages(MANY));
    publish(other(), 1, 10);
    publish(subject.name(), 1, 3);
    publish(other(), 1, 10);
    publish(subject.name(), 4, MANY - 100);
    Source source = subject.source(query);
    readOnce(source, LONG, read);
    for (int number = MANY - 99; number <= 3 * MANY; number += 100) {
      publish(subject.name(), number, number + 99);
      publish(other(), number, number);
    }
    return source;
  }

  private String other() {
    return subject.name() + "-other";
  }

  private void make(StreamConfiguration.Builder wanted) throws Exception {
    StreamConfiguration.Builder named = wanted.name(STREAM).subjects(subject.name(), other());
    var _ = streams().addStream(named.build());
  }

  private JetStreamManagement streams() throws Exception {
    return subject.client().jetStreamManagement();
  }

  private Cursor cursorBehind(int last) throws Exception {
    return read(subject.source("?jetstream"), last);
  }

  private static Cursor read(Source source, int last) throws Exception {
    Cursor behind = null;
    for (String text = ""; !text.equals("" + last); ) {
      try (Batch batch = Objects.requireNonNull(source.read())) {
        text = texts(batch).getLast();
        behind = batch.cursor();
      }
    }
    source.close();
    return Objects.requireNonNull(behind);
  }

  /** Nothing comes for a while, in which the server is asked for what others have written. */
  private static void awaitLooks(Source source) throws Exception {
    assertThat(source.read(Duration.ofSeconds(2))).isNull();
  }

  private void awaitDelivered() throws Exception {
    JetStreamManagement streams = streams();
    long pending;
    do {
      pending = streams.getConsumers(STREAM).getFirst().getNumPending();
    } while (pending > 0);
  }

  private static void readTo(Source source, int last, List<String> into) throws Exception {
    while (into.isEmpty() || !into.getLast().equals("" + last)) {
      readOnce(source, LONG, into);
    }
  }

  private static void readOnce(Source source, Duration timeout, List<String> into)
      throws Exception {
    try (Batch batch = source.read(timeout)) {
      if (batch != null) {
        into.addAll(texts(batch));
        source.commit(batch.endPosition());
      }
    }
  }

  private static List<String> texts(Batch batch) throws Exception {
    List<String> all = new ArrayList<>();
    batch.forEach((end, payload, headers) ->
        all.add(StandardCharsets.UTF_8.decode(payload).toString().split(" ", 2)[0]));
    return all;
  }

  /** Messages that begin with their number, as another program writes them. */
  private void publish(String to, int from, int last) throws Exception {
    JetStream client = subject.client().jetStream();
    for (int number = from; number <= last; number++) {
      byte[] digits = (number + " ").getBytes(StandardCharsets.UTF_8);
      var _ = client.publish(to, Arrays.copyOf(digits, MESSAGE_BYTES));
    }
  }
}
