package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bench says figures that make sense; how good they are is no question for a test. */
final class BenchTest {
  @ParameterizedTest
  @CsvSource({"tcp-listen://127.0.0.1:0/b, tcp"})
  void measuresALinkAgainstTheBenchThatListens(String listens, String dials) throws Exception {
    try (CommandProcess answering = CommandProcess.start("bench", listens)) {
      int port = answering.awaitPort();
      String address = dials + "://127.0.0.1:" + port + "/b";
      try (CommandProcess bench =
          CommandProcess.start("bench", address, "for=200ms", "--summary", "json")) {
        assertThat(bench.exitCode()).as(bench::err).isZero();
        checkJson(new String(bench.out(), StandardCharsets.UTF_8), address);
      }
      try (CommandProcess bench = CommandProcess.start("bench", address, "for=100ms", "-q")) {
        assertThat(bench.exitCode()).as(bench::err).isZero();
        assertThat(new String(bench.out(), StandardCharsets.UTF_8))
            .contains("throughput", "GiB/s", "messages", "median", "99.9 %", "memory, there");
        assertThat(bench.err()).isEmpty();
      }
    }
  }

  @Test
  void measuresTheLocalPipesOfTheSystem() throws Exception {
    try (CommandProcess bench =
        CommandProcess.start("bench", "-", "for=200ms", "--summary", "json")) {
      assertThat(bench.exitCode()).as(bench::err).isZero();
      checkJson(new String(bench.out(), StandardCharsets.UTF_8), "a local pipe");
    }
  }

  @Test
  void saysWhenNobodyAnswersABenchThere() throws Exception {
    try (CommandProcess other = CommandProcess.start("tcp-listen://127.0.0.1:0/b", "/dev/null")) {
      int port = other.awaitPort();
      try (CommandProcess bench =
          CommandProcess.start("bench", "tcp://127.0.0.1:" + port + "/b", "for=100ms")) {
        assertThat(bench.exitCode()).isEqualTo(ExitCode.REFUSED.number());
        assertThat(bench.err())
            .contains("nobody answers a bench there", "hostpipe bench tcp-listen");
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bench|say what to measure",
        "bench ./file|only links can be measured",
        "bench tcp://h:1/x for=0|for is more than 0",
        "bench tcp://h:1/x rate=0|rate is at least 1",
        "bench tcp://h:1/x request=4|request is at least 8",
        "bench tcp://h:1/x message=1G|message is at most",
        "bench tcp://h:1/x answer|stands behind '-' only",
        "bench tcp://h:1/x fro=1s|neither an address nor an option",
        "bench tcp://h:1/x --ack received|means nothing to: hostpipe bench",
      })
  void refusesWhatItCannotMeasure(String words, String said) throws Exception {
    try (CommandProcess bench = CommandProcess.start(words.split(" "))) {
      assertThat(bench.exitCode()).isEqualTo(ExitCode.USAGE.number());
      assertThat(bench.err()).contains(said);
    }
  }

  private static void checkJson(String json, String address) {
    assertThat(json).startsWith("{").endsWith("}\n").contains("\"address\":\"" + address + "\"");
    assertThat(number(json, "bytes")).isGreaterThan(1 << 20);
    assertThat(number(json, "gibPerSecond")).isPositive();
    assertThat(number(json, "messages")).isGreaterThan(1_000);
    assertThat(number(json, "requests")).isEqualTo(200);
    assertThat(number(json, "latencyMedianMicros"))
        .isPositive()
        .isLessThanOrEqualTo(number(json, "latency99Micros"));
    assertThat(number(json, "latency99Micros"))
        .isLessThanOrEqualTo(number(json, "latencyMaxMicros"));
    assertThat(number(json, "cpuSecondsPerGibHere")).isNotNegative();
    assertThat(number(json, "residentBytesThere")).isGreaterThan(1 << 20);
  }

  private static double number(String json, String name) {
    return Double.parseDouble(json.replaceAll("(?s).*\"" + name + "\":([0-9.]+)[,}].*", "$1"));
  }
}
