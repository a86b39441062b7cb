package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Headers;
import io.hostpipe.StreamId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class QueuePlaceTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 60, 180, 198})
  void aPlaceComesBackWhereverItStands(int nameLength) {
    Place place =
        new Place(
            new StreamId("ü".repeat(nameLength / 2) + "n"),
            Encoding.RECORDS,
            1_234_567_890_123L,
            1_234_567_890_200L,
            Digest.fromLong(0x0123_4567_89ab_cdefL));
    BasicProperties first = AmqpHeaders.write(Headers.of("colour", "red"), place);
    BasicProperties again = AmqpHeaders.again(first);
    assertThat(Place.of(first)).isEqualTo(place);
    assertThat(Place.of(again)).isEqualTo(place);
    assertThat(AmqpHeaders.read(again, "")).isEqualTo(Headers.of("colour", "red"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"billing", "hostpipe", "hostpipe records", "hostpipe records s 9 1 0"})
  void whatAnotherProgramSaysIsNoPlace(String appId) {
    BasicProperties properties = new BasicProperties.Builder().appId(appId).build();
    assertThat(Place.of(properties)).isNull();
    assertThat(AmqpHeaders.read(properties, "")).isEqualTo(Headers.EMPTY);
  }
}
