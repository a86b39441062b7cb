package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.nats.client.JetStream;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.StreamConfiguration;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Streams with limits, that delete what a shared consumer has given to nobody. */
final class DeletedUngivenTest extends WithSubject {
  private static final String STREAM = "SHARED";
  private static final String WORK = "?jetstream&durable=work";
  private static final int KEPT = 3_000;
  private static final int MESSAGE_BYTES = 16 << 10;

  @Test
  void whatWasDeletedWhileNobodyReadIsALoss() throws Exception {
    make(StreamConfiguration.builder().maxMessages(100).subjects(subject.name()));
    publish(subject.name(), 1, 50);
    readAndClose(50);
    publish(subject.name(), 51, 200);
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> subject.source(WORK).read())
        .withMessageContaining(
            ": the messages with sequences 51 to 100 of the stream SHARED were deleted before they"
                + " were read; lost=continue");
    List<String> read = new ArrayList<>();
    readTo(subject.source(WORK + "&lost=continue"), 200, read);
    assertThat(Subject.wrong(read, 101, 200)).isEmpty();
    assertThat(subject.warnings()).filteredOn(text -> text.contains("51 to 100")).hasSize(1);
    assertThat(subject.source(WORK).read(Duration.ZERO)).isNull();
  }

  @Test
  void whatIsDeletedWhileAReaderIsSlowIsALoss() throws Exception {
    Source source = overrun(WORK);
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> readTo(source, 3 * KEPT, new ArrayList<>()))
        .withMessageContaining("were deleted before they were read; lost=continue");
  }

  @Test
  void whoeverGoesOnBehindItIsTold() throws Exception {
    Source source = overrun(WORK + "&lost=continue");
    List<String> read = new ArrayList<>();
    readTo(source, 3 * KEPT, read);
    assertThat(read).hasSizeLessThan(3 * KEPT);
    assertThat(subject.warnings()).filteredOn(text -> text.contains("were deleted")).hasSize(1);
  }

  /** Two readers have half of the messages each, and neither misses the other's. */
  @Test
  void whatAnotherReaderHasIsNoLossAndNeitherIsWhatSomebodyTookOut() throws Exception {
    JetStreamManagement streams =
        make(StreamConfiguration.builder().maxMessages(KEPT).subjects(subject.name()));
    publish(subject.name(), 1, 40);
    assertThat(streams.deleteMessage(STREAM, 25)).isTrue();
    Source first = subject.source(WORK + "&in-flight=10");
    Source second = subject.source(WORK);
    List<String> read = new ArrayList<>();
    while (read.size() < 39) {
      readOnce(first, Duration.ofMillis(10), read);
      readOnce(second, Duration.ofMillis(10), read);
    }
    assertThat(read).hasSize(39).doesNotContain("25").doesNotHaveDuplicates();
  }

  /** What lies before the place that a new consumer begins at was not for it. */
  @Test
  void aNewConsumerBeginsAtWhatIsThere() throws Exception {
    make(StreamConfiguration.builder().maxMessages(10).subjects(subject.name()));
    publish(subject.name(), 1, 30);
    for (String consumer : List.of("all", "later&from=3")) {
      List<String> read = new ArrayList<>();
      readTo(subject.source("?jetstream&durable=" + consumer), 30, read);
      assertThat(read).isEqualTo(Subject.numbers(21, 30));
    }
  }

  /** Nobody can tell whose they were, and the work goes on. */
  @Test
  void amongOtherSubjectsItIsSaidAndEndsNothing() throws Exception {
    String other = subject.name() + "-other";
    make(StreamConfiguration.builder().maxMessages(100).subjects(subject.name(), other));
    publish(subject.name(), 1, 5);
    readAndClose(5);
    publish(other, 1, 150);
    server.kill(); // it forgets what the consumer has passed over
    server.restart();
    publish(subject.name(), 6, 6);
    List<String> read = new ArrayList<>();
    readTo(subject.source(WORK), 6, read);
    assertThat(read).containsExactly("6");
    assertThat(subject.warnings())
        .anyMatch(text -> text.contains("sequences 6 to 56") && text.contains("nobody can tell"));
  }

  /** Begins to read, and then more is written than the stream keeps. */
  private Source overrun(String query) throws Exception {
    make(StreamConfiguration.builder().maxMessages(KEPT).subjects(subject.name()));
    publish(subject.name(), 1, KEPT);
    Source source = subject.source(query);
    readOnce(source, Duration.ofMinutes(2), new ArrayList<>());
    publish(subject.name(), KEPT + 1, 3 * KEPT);
    return source;
  }

  private JetStreamManagement make(StreamConfiguration.Builder wanted) throws Exception {
    JetStreamManagement streams = subject.client().jetStreamManagement();
    StreamConfiguration.Builder named = wanted.name(STREAM);
    var _ = streams.addStream(named.build());
    return streams;
  }

  private void readAndClose(int last) throws Exception {
    Source source = subject.source(WORK);
    readTo(source, last, new ArrayList<>());
    source.close();
  }

  private static void readTo(Source source, int last, List<String> into) throws Exception {
    while (into.isEmpty() || !into.getLast().equals("" + last)) {
      readOnce(source, Duration.ofMinutes(2), into);
    }
  }

  private static void readOnce(Source source, Duration timeout, List<String> into)
      throws Exception {
    try (Batch batch = source.read(timeout)) {
      if (batch != null) {
        batch.forEach((end, payload, headers) ->
            into.add(StandardCharsets.UTF_8.decode(payload).toString().split(" ", 2)[0]));
        source.commit(batch.endPosition());
      }
    }
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
