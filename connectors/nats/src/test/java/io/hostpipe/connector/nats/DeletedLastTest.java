package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.StreamId;
import io.hostpipe.spi.Letterbox;
import io.nats.client.JetStream;
import io.nats.client.JetStreamManagement;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who reads to the last message there was, and it is deleted before it was read. */
final class DeletedLastTest extends WithSubject {
  private static final String STREAM = "LETTERS";

  /** More than is on its way before the first one was taken. */
  private static final int LETTERS = 3_000;

  private static final int LETTER_BYTES = 16 << 10;

  @Test
  void lettersAreShownUpToWhatIsLeft() throws Exception {
    JetStreamManagement streams = make();
    publish(LETTERS);
    List<Long> shown = new ArrayList<>();
    try (Letterbox box = SubjectLetterbox.open(options())) {
      box.forEach((number, payload, headers) -> {
        if (shown.isEmpty()) {
          box.remove(LETTERS);
        }
        return shown.add(number);
      });
    }
    assertThat(shown).hasSize(LETTERS - 1).endsWith((long) LETTERS - 1);
    assertThat(streams.getStreamInfo(STREAM).getStreamState().getMsgCount()).isEqualTo(LETTERS - 1);
  }

  @Test
  void aPlaceIsLookedForUpToWhatIsLeft() throws Exception {
    JetStreamManagement streams = make();
    publish(10);
    StreamInfo info = streams.getStreamInfo(STREAM);
    try (NatsConnection connection = NatsConnection.open(options(), () -> {})) {
      LastPlace places = new LastPlace(connection, options(), info);
      assertThat(places.lastSequence()).isEqualTo(10);
      assertThat(streams.deleteMessage(STREAM, 10)).isTrue();
      assertThat(places.of(new StreamId("numbers"))).isNull();
    }
  }

  private NatsOptions options() throws Exception {
    return NatsOptions.of(subject.address("?jetstream"), true);
  }

  private JetStreamManagement make() throws Exception {
    JetStreamManagement streams = subject.client().jetStreamManagement();
    var _ =
        streams.addStream(
            StreamConfiguration.builder().name(STREAM).subjects(subject.name()).build());
    return streams;
  }

  private void publish(int count) throws Exception {
    JetStream client = subject.client().jetStream();
    for (int number = 1; number <= count; number++) {
      byte[] digits = (number + " ").getBytes(StandardCharsets.UTF_8);
      var _ = client.publish(subject.name(), Arrays.copyOf(digits, LETTER_BYTES));
    }
  }
}
