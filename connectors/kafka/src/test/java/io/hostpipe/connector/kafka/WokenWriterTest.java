package io.hostpipe.connector.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.testkit.servers.KafkaServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A writer that hung, was replaced and wakes up: it sees so before it fences anybody. */
final class WokenWriterTest {
  private static final StreamId STREAM = new StreamId("numbers");

  @TempDir private static Path folder;

  @Test
  void aSuccessorThatHasWrittenNothingYetIsNotFenced() throws Exception {
    try (KafkaServer server = KafkaServer.start(folder);
        Topical topic = new Topical(server)) {
      KafkaOptions options = KafkaOptions.of(topic.address(""), false);
      try (Transactions hung = open(options, 1)) {
        write(hung, "of the first", 1, 0);
        try (Transactions successor = open(options, 2)) {
          assertThatExceptionOfType(PipeException.Refused.class)
              .isThrownBy(() ->
                  Transactions.again(
                      options, STREAM, hung.topic().id(), 1 << 18, WokenWriterTest::look))
              .satisfies(e -> assertThat(e.status()).isEqualTo(Status.ABORTED));
          write(successor, "of the second", 2, 1);
        }
        assertThatExceptionOfType(PipeException.Refused.class)
            .isThrownBy(() -> write(hung, "of a zombie", 1, 1))
            .withMessageContaining("this one is fenced");
      }
      assertThat(topic.stored()).containsExactly("of the first", "of the second");
    }
  }

  /** A broker that has just begun may not answer in time, and is asked again. */
  private static Transactions open(KafkaOptions options, long writer) throws Exception {
    while (true) {
      try {
        return Transactions.open(options, STREAM, Encoding.RECORDS, writer, PipeEvents.SILENT);
      } catch (PipeException.Unreachable e) {
        assertThat(e.status()).isEqualTo(Status.UNAVAILABLE);
      }
    }
  }

  /** As the first writer looks. */
  private static void look(Place committed) throws PipeException {
    if (committed.writer() != 1) {
      throw new PipeException.Refused(Status.ABORTED, "it is of " + committed.writer());
    }
  }

  private static void write(Transactions over, String text, long writer, long position)
      throws Exception {
    Load.Written message =
        new Load.Written(
            text.getBytes(StandardCharsets.UTF_8), KafkaHeaders.write(Headers.EMPTY), null);
    Resume held = new Resume(position + 1, null, Digest.EMPTY);
    Place place =
        new Place(STREAM, Encoding.RECORDS, false, writer, position, held, Place.Kind.MORE);
    over.send(new Load(List.of(message), place, position + 1, 100));
    over.commit(place);
  }
}
