package io.hostpipe.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BrokerOptions.From;
import io.hostpipe.spi.BrokerOptions.From.Place;
import io.hostpipe.spi.BrokerOptions.Numbering;
import io.hostpipe.spi.BrokerOptions.Until;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BrokerOptionsTest {
  private static Address plain() throws PipeException {
    return Address.parse("tcp://host/x");
  }

  private static Address with(String name, String value) throws PipeException {
    return plain().withOption(name, value);
  }

  @Test
  void readsMoreServers() throws Exception {
    assertThat(BrokerOptions.servers(plain())).isEmpty();
    assertThat(BrokerOptions.servers(with("server", "other:1").withAddedOption("server", "[::1]")))
        .containsExactly("other:1", "[::1]");
    Address address = with("server", "other:99999");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> BrokerOptions.servers(address))
        .withMessageContaining("a port is a number from 1 to 65535, not '99999'");
  }

  @ParameterizedTest
  @CsvSource({
    "nats://ann:s3cret@h:1, nats://***@h:1",
    "ann:s3cret@h:1, ***@h:1",
    "s3cret@h, ***@h",
    "nats://h, nats://h",
    "h:x, h:x"
  })
  void saysHowAServerIsWrittenAndShowsNoSecret(String server, String shown) throws Exception {
    Address address = with("server", server);
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> BrokerOptions.servers(address))
        .withMessageContaining(": server is HOST or HOST:PORT, not '" + shown + "'")
        .satisfies(e -> assertThat(e).hasMessageNotContaining("s3cret"));
  }

  @ParameterizedTest
  @CsvSource({
    "begin, SEQUENCE, BEGIN, 0",
    "end, OFFSET, END, 0",
    "1, SEQUENCE, NUMBER, 1",
    "0, OFFSET, NUMBER, 0",
    "999999999999999999, OFFSET, NUMBER, 999999999999999999",
    "17, OFFSET_OR_TIME, NUMBER, 17",
    "1970-01-01T00:00:01Z, OFFSET_OR_TIME, TIME, 1000"
  })
  void readsWhereAReaderBegins(String text, Numbering numbering, Place place, long number)
      throws Exception {
    assertThat(From.of(with("from", text), numbering)).isEqualTo(new From(place, number));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | SEQUENCE | from is begin, end, or the sequence number of a message, not '0'",
        "-1 | OFFSET | from is begin, end, or the offset of a message, not '-1'",
        "1000000000000000000 | OFFSET | from is begin, end, or the offset of a message, not '1",
        "1970-01-01T00:00:01Z | OFFSET | from is begin, end, or the offset of a message, not '1",
        "noon | OFFSET_OR_TIME | the offset of a message, or a time as in 2026-11-28T10:00:00Z,",
        "+1000000000-12-31T23:59:59Z | OFFSET_OR_TIME | or a time as in 2026-11-28T10:00:00Z, not"
      })
  void saysWhereAReaderCanBegin(String text, Numbering numbering, String message) throws Exception {
    Address address = with("from", text);
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> From.of(address, numbering))
        .withMessageContaining(message);
  }

  @Test
  void readsWhereAReaderEnds() throws Exception {
    assertThat(Until.of(with("until", "last"), Until.LAST)).isEqualTo(Until.LAST);
    assertThat(Until.of(with("until", "empty"), Until.EMPTY)).isEqualTo(Until.EMPTY);
    assertThat(Until.of(with("until", "mark"), Until.EMPTY)).isEqualTo(Until.MARK);
    for (String other : new String[] {"empty", "never", ""}) {
      Address address = with("until", other);
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() -> Until.of(address, Until.LAST))
          .withMessageEndingWith("until is last or mark, not '" + other + "'");
    }
  }

  @Test
  void hasForEachOptionWhatHoldsWithoutIt() throws Exception {
    assertThat(From.of(plain(), Numbering.SEQUENCE)).isEqualTo(new From(Place.BEGIN, 0));
    assertThat(Until.of(plain(), Until.LAST)).isEqualTo(Until.NEVER);
    assertThat(BrokerOptions.goesOnBehindLoss(plain())).isFalse();
    assertThat(BrokerOptions.marksEnd(plain())).isFalse();
    assertThat(BrokerOptions.timeout(plain())).isEqualTo(Duration.ofSeconds(5));
    BrokerOptions.refuseTimeout(plain());
  }

  @Test
  void readsWhatIsSaidOfLossesEndsAndRequests() throws Exception {
    assertThat(BrokerOptions.goesOnBehindLoss(with("lost", "continue"))).isTrue();
    assertThat(BrokerOptions.marksEnd(with("end", "mark"))).isTrue();
    assertThat(BrokerOptions.timeout(with("timeout", "2m"))).isEqualTo(Duration.ofMinutes(2));
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> BrokerOptions.marksEnd(with("end", "loud")))
        .withMessageEndingWith("end is silent or mark, not 'loud'");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> BrokerOptions.refuseTimeout(with("timeout", "2m")))
        .withMessageContaining("--duplex");
  }

  @Test
  void sumsNamesThatAreTooLongForAStream() {
    String longest = "n".repeat(StreamId.LENGTH_BYTES_MAX - "amqp:".length());
    assertThat(BrokerOptions.streamId("amqp", longest)).isEqualTo(new StreamId("amqp:" + longest));
    StreamId summed = BrokerOptions.streamId("amqp", longest + "n");
    assertThat(summed.value()).startsWith("amqp:").hasSizeLessThan(50);
    assertThat(BrokerOptions.streamId("amqp", longest + "m")).isNotEqualTo(summed);
  }
}
