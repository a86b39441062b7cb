package io.hostpipe.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.fail;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class OptionValuesTest {
  private static Address with(String name, String value) throws PipeException {
    return Address.parse("tcp://host/x").withOption(name, value);
  }

  @Test
  void refusesNamesThatTheSchemeDoesNotHave() throws Exception {
    List<OptionSpec> known =
        List.of(OptionSpec.flag("keep", "help"), OptionSpec.value("window", "BYTES", null, "help"));
    OptionValues.checkNames(with("keep", "true"), known);
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> OptionValues.checkNames(with("keeep", "true"), known))
        .withMessageContaining("'keeep'")
        .withMessageContaining("keep, window");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "65536, 65536",
    "64KiB, 65536",
    "64k, 65536",
    "8M, 8388608",
    "1GB, 1000000000",
    "3b, 3",
    "1TiB, 1099511627776",
    "2P, 2251799813685248"
  })
  void readsSizes(String text, long bytes) throws Exception {
    assertThat(OptionValues.parseBytes(text)).isEqualTo(bytes);
    assertThat(OptionValues.bytes(with("n", text), "n", 7, 0, Long.MAX_VALUE)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({"250ms, 250", "5s, 5000", "5, 5000", "2m, 120000", "1h, 3600000"})
  void readsDurations(String text, long millis) throws Exception {
    assertThat(OptionValues.parseDuration(text)).isEqualTo(Duration.ofMillis(millis));
    assertThat(
            OptionValues.duration(
                with("d", text), "d", Duration.ZERO, Duration.ZERO, Duration.ofDays(1)))
        .hasMillis(millis);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "-1",
        "1x",
        "1kk",
        "1kib ",
        " 1",
        "1.5M",
        "99999999999999999999",
        "9000000P",
        "9223372036854775807h",
        "1ss",
        "k"
      })
  void refusesWhatIsNeither(String text) throws Exception {
    assertThatIllegalArgumentException().isThrownBy(() -> OptionValues.parseBytes(text + "?"));
    assertThatIllegalArgumentException().isThrownBy(() -> OptionValues.parseDuration(text + "?"));
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> OptionValues.bytes(with("n", text), "n", 7, 0, 100))
        .withMessageContaining("n is a size from 0 to 100 bytes");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() ->
            OptionValues.duration(
                with("d", text), "d", Duration.ZERO, Duration.ZERO, Duration.ofMillis(1)))
        .withMessageContaining("d is a duration from 0ms");
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> OptionValues.integer(with("i", text), "i", 7, 2, 3))
        .withMessageContaining("i is a number from 2 to 3");
  }

  @Test
  void keepsToLimitsAndDefaults() throws Exception {
    Address none = Address.parse("tcp://host/x");
    assertThat(OptionValues.integer(none, "i", 7, 0, 5)).isEqualTo(7);
    assertThat(OptionValues.bytes(none, "n", 7, 0, 5)).isEqualTo(7);
    assertThat(
            OptionValues.duration(none, "d", Duration.ofDays(9), Duration.ZERO, Duration.ofDays(1)))
        .isEqualTo(Duration.ofDays(9));
    assertThat(OptionValues.integer(with("i", "5"), "i", 7, 0, 5)).isEqualTo(5);
    assertThatExceptionOfType(PipeException.Config.class)
        .isThrownBy(() -> OptionValues.integer(with("i", "6"), "i", 7, 0, 5));
  }

  @Test
  void takesAnyTextWithoutCrashing() {
    Random random = new Random(9);
    String letters = "0123456789kmgtpibsh.- ";
    for (int round = 0; round < 50_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(24); length > 0; length--) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      try {
        if (OptionValues.parseBytes(text.toString()) < 0) {
          fail("negative: " + text);
        }
      } catch (IllegalArgumentException e) {
        // The one way to say no.
      }
      try {
        if (OptionValues.parseDuration(text.toString()).isNegative()) {
          fail("negative: " + text);
        }
      } catch (IllegalArgumentException e) {
        // The one way to say no.
      }
    }
  }
}
