package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.PipeException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class QuantityTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "512, 512",
    "512B, 512",
    "64K, 65536",
    "64k, 65536",
    "1kB, 1000",
    "10MB, 10000000",
    "10MiB, 10485760",
    "1.5GiB, 1610612736",
    "2T, 2199023255552",
    "7E, 8070450532247928832",
  })
  void readsSizesAsDdDoes(String text, long bytes) throws PipeException {
    assertThat(Quantity.bytes(text, "--size")).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "1X", "1MBx", "-1", "1..2", "1 M", "M", "8E", "1iB", "1MiBB"})
  void refusesWhatIsNoSizeAndNamesIt(String text) {
    assertThatThrownBy(() -> Quantity.bytes(text, "--size"))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageStartingWith("--size is ")
        .hasMessageEndingWith("not '" + text + "'");
  }

  @Test
  void readsRatesWithAndWithoutTheirSecond() throws PipeException {
    assertThat(Quantity.bytesPerSecond("150MB/s", "rate")).isEqualTo(150_000_000);
    assertThat(Quantity.bytesPerSecond("1M", "rate")).isEqualTo(1 << 20);
    assertThatThrownBy(() -> Quantity.bytesPerSecond("0", "rate"))
        .hasMessageContaining("more than 0");
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "500ms, 500", "30s, 30000", "5m, 300000", "1h30m, 5400000", "2d, 172800000"})
  void readsDurations(String text, long millis) throws PipeException {
    assertThat(Quantity.duration(text, "--give-up")).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "s", "5x", "5 s", "-5s", "1h30", "9999999999s"})
  void refusesDurationsWithoutUnit(String text) {
    assertThatThrownBy(() -> Quantity.duration(text, "--give-up"))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("as in 30s or 1h30m");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "11", "99999999999", "1.5"})
  void refusesCountsOutsideTheirLimit(String text) {
    assertThatThrownBy(() -> Quantity.count(text, "cuts", 10))
        .hasMessage("cuts is a number from 0 to 10, not '" + text + "'");
  }

  @Test
  void writesAmountsForPeople() {
    assertThat(Quantity.bytesText(0)).isEqualTo("0 B");
    assertThat(Quantity.bytesText(1_023)).isEqualTo("1023 B");
    assertThat(Quantity.bytesText(1_024)).isEqualTo("1.0 KiB");
    assertThat(Quantity.bytesText(1_048_575)).isEqualTo("1.0 MiB");
    assertThat(Quantity.bytesText(150_000_000)).isEqualTo("143 MiB");
    assertThat(Quantity.clockText(67)).isEqualTo("1:07");
    assertThat(Quantity.clockText(7_267)).isEqualTo("2:01:07");
    assertThat(Quantity.durationText(Duration.ofMillis(350))).isEqualTo("350 ms");
    assertThat(Quantity.durationText(Duration.ofMillis(4_200))).isEqualTo("4.2 s");
    assertThat(Quantity.durationText(Duration.ofSeconds(20))).isEqualTo("20 s");
    assertThat(Quantity.durationText(Duration.ofMinutes(5))).isEqualTo("5 min");
  }
}
