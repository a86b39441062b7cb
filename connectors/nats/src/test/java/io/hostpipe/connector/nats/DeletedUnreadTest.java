package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Batch;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.testkit.InParallel;
import io.nats.client.JetStream;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.StreamConfiguration;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Streams with limits, that delete what nobody has read or refuse what is to be stored. */
final class DeletedUnreadTest extends WithSubject {
  private static final String STREAM = "LIMITED";
  private static final int KEPT = 3_000;
  private static final int MESSAGE_BYTES = 16 << 10;

  @Test
  void whatIsDeletedWhileAReaderIsSlowIsALoss() throws Exception {
    List<String> read = new ArrayList<>();
    Source source = overrun("?jetstream&until=last", read);
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() -> readAll(source, read))
        .withMessageContaining("were deleted before they were read; lost=continue");
    assertThat(Subject.wrong(read, 1, read.size())).isEmpty();
  }

  @Test
  void whoeverGoesOnBehindItIsTold() throws Exception {
    List<String> read = new ArrayList<>();
    Source source = overrun("?jetstream&lost=continue", read);
    while (!read.getLast().equals("" + 3 * KEPT)) {
      read.addAll(readOnce(source));
    }
    assertThat(read).hasSizeLessThan(3 * KEPT).endsWith("" + (3 * KEPT - 1), "" + 3 * KEPT);
    assertThat(subject.warnings()).anyMatch(text -> text.contains("were deleted before they were"));
  }

  /** Somebody took it out on purpose: it is no front that was cut off. */
  @Test
  void whatWasDeletedFromTheMiddleStaysMissing() throws Exception {
    make(StreamConfiguration.builder().subjects(subject.name()));
    publish(1, 10);
    assertThat(streams().deleteMessage(STREAM, 5)).isTrue();
    List<String> read = new ArrayList<>();
    readAll(subject.source("?jetstream&until=last"), read);
    assertThat(read).containsExactly("1", "2", "3", "4", "6", "7", "8", "9", "10");
  }

  @Test
  void anEndThatIsDeletedIsNotWaitedFor() throws Exception {
    make(StreamConfiguration.builder().subjects(subject.name()));
    publish(1, KEPT);
    Source source = subject.source("?jetstream&until=last");
    List<String> read = new ArrayList<>(readOnce(source));
    assertThat(streams().deleteMessage(STREAM, KEPT)).isTrue();
    readAll(source, read);
    assertThat(Subject.wrong(read, 1, KEPT - 1)).isEmpty();
  }

  /** Where others write as well, a message does not name the one before it. */
  @Test
  void noMessageIsTakenBehindOneThatFoundNoRoom() throws Exception {
    String other = subject.name() + "-other";
    make(
        StreamConfiguration.builder()
            .maxMessages(200)
            .discardPolicy(DiscardPolicy.New)
            .subjects(subject.name(), other));
    JetStream client = subject.client().jetStream();
    for (int index = 0; index < 150; index++) {
      var _ = client.publish(other, new byte[1]);
    }
    Sink sink = subject.sink("numbers", "?jetstream");
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          Subject.writeNumbers(sink, 1, 200);
          sink.finish();
          return true;
        });
    InParallel.await(
        () -> subject.warnings().stream().anyMatch(text -> text.contains("has no room")));
    JetStreamManagement streams = streams();
    for (int sequence = 1; sequence <= 150; sequence++) {
      assertThat(streams.deleteMessage(STREAM, sequence)).isTrue();
    }
    assertThat(writing.join()).isTrue();
    assertThat(Subject.wrong(subject.stored(), 1, 200)).isEmpty();
  }

  @Test
  void aConsumerThatForgetsIsNotShared() throws Exception {
    make(StreamConfiguration.builder().subjects(subject.name()));
    refuses(ConsumerConfiguration.builder().maxDeliver(2), "gives a message out 2 times");
    refuses(ConsumerConfiguration.builder().headersOnly(true), "headers_only");
  }

  /** Begins to read, and then more is written than the stream keeps. */
  private Source overrun(String query, List<String> read) throws Exception {
    make(StreamConfiguration.builder().maxMessages(KEPT).subjects(subject.name()));
    publish(1, KEPT);
    Source source = subject.source(query);
    read.addAll(readOnce(source));
    publish(KEPT + 1, 3 * KEPT);
    return source;
  }

  private void refuses(ConsumerConfiguration.Builder wanted, String why) throws Exception {
    var _ =
        streams()
            .addOrUpdateConsumer(
                STREAM, wanted.durable("work").filterSubject(subject.name()).build());
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> subject.source("?jetstream&durable=work").read())
        .withMessageContaining(why);
    assertThat(streams().deleteConsumer(STREAM, "work")).isTrue();
  }

  private void make(StreamConfiguration.Builder wanted) throws Exception {
    StreamConfiguration.Builder named = wanted.name(STREAM);
    var _ = streams().addStream(named.build());
  }

  private JetStreamManagement streams() throws Exception {
    return subject.client().jetStreamManagement();
  }

  /** Messages that begin with their number, as another program writes them. */
  private void publish(int from, int to) throws Exception {
    JetStream client = subject.client().jetStream();
    for (int number = from; number <= to; number++) {
      byte[] digits = (number + " ").getBytes(StandardCharsets.UTF_8);
      var _ = client.publish(subject.name(), Arrays.copyOf(digits, MESSAGE_BYTES));
    }
  }

  private static List<String> readOnce(Source source) throws Exception {
    List<String> texts = new ArrayList<>();
    try (Batch batch = Objects.requireNonNull(source.read())) {
      batch.forEach((end, payload, headers) ->
          texts.add(StandardCharsets.UTF_8.decode(payload).toString().split(" ", 2)[0]));
      source.commit(batch.endPosition());
    }
    return texts;
  }

  private static void readAll(Source source, List<String> into) throws Exception {
    while (true) {
      try (Batch batch = source.read()) {
        if (batch == null) {
          return;
        }
        batch.forEach((end, payload, headers) ->
            into.add(StandardCharsets.UTF_8.decode(payload).toString().split(" ", 2)[0]));
        source.commit(batch.endPosition());
      }
    }
  }
}
