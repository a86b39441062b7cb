package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.AckLevel;
import io.hostpipe.Guarantee;
import io.hostpipe.PipeStats;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SummaryTest {
  @Test
  void alignsTheTextAndTellsWhatALinkWentThrough() {
    assertThat(summary(ExitCode.OK, 0, 5_000_000, 5_000_000, 3, true, 0, null).text())
        .isEqualTo(
            """
            hostpipe: done: - -> tcp://h:1/x
              bytes               5,000,000 (4.8 MiB)
              messages            3
              seconds             2.000 (2.4 MiB/s)
              resumes             12
              sent again          65,536
              duplicates dropped  7
              guarantee           once-while-running
              ack                 applied
              digest              crc32c:00000001 crc32:00000002\
            """);
  }

  @Test
  void leavesOutWhatCannotHaveBeen() {
    assertThat(summary(ExitCode.OK, 0, 10, 10, -1, false, 0, null).text())
        .doesNotContain("messages", "resumes", "delivered", "verified");
  }

  @Test
  void tellsTheRangeWhereThereIsOne() {
    assertThat(summary(ExitCode.PARTIAL, 100, 150, 200, -1, true, 100, "cut").text())
        .startsWith("hostpipe: ended with exit code 6: ")
        .contains(
            "\n  bytes               50 (50 B)",
            "\n  delivered           100..150, perhaps up to 200",
            "\n  verified from       100");
  }

  @Test
  void writesOneObjectOnOneLine() {
    assertThat(summary(ExitCode.OK, 0, 5_000_000, 5_000_000, 3, true, 0, null).json())
        .isEqualTo(
            "{\"exit\":0,\"stream\":\"s1\",\"source\":\"-\",\"destination\":\"tcp://h:1/x\",\"bytes\":5000000,"
                + "\"messages\":3,\"seconds\":2.000,\"bytes_per_second\":2500000,\"resumes\":12,"
                + "\"sent_again_bytes\":65536,\"duplicate_bytes_dropped\":7,"
                + "\"carriers\":\"tcp\","
                + "\"guarantee\":\"once-while-running\",\"ack\":\"applied\",\"digest\":\"crc32c:00000001"
                + " crc32:00000002\",\"verified_from\":0,"
                + "\"start_position\":0,\"position\":5000000,\"read_position\":5000000,"
                + "\"destinations\":[{\"address\":\"tcp://h:1/x\",\"position\":5000000,"
                + "\"finished\":true,\"guarantee\":\"once-while-running\"}]}");
  }

  @Test
  void escapesWhatJsonCannotHold() {
    String json =
        summary(ExitCode.PARTIAL, 0, 0, 0, -1, true, 0, "a \"quote\"\\\n\u0001 and \ud83d\ude00")
            .json();
    assertThat(json)
        .contains("\"error\":\"a \\\"quote\\\"\\\\\\u000a\\u0001 and \\ud83d\\ude00\"")
        .doesNotContain("\n");
  }

  private static Summary summary(
      ExitCode exit,
      long start,
      long delivered,
      long read,
      long messageCount,
      boolean linked,
      long verifiedFrom,
      @Nullable String failure) {
    return new Summary(
        exit,
        "s1",
        "-",
        List.of(
            new Summary.Destination(
                "tcp://h:1/x", delivered, true, true, Guarantee.ONCE_WHILE_RUNNING)),
        start,
        read,
        delivered,
        messageCount,
        2_000_000_000,
        linked,
        new PipeStats(12, 65_536, 7, verifiedFrom, List.of("tcp")),
        verifiedFrom,
        Guarantee.ONCE_WHILE_RUNNING,
        AckLevel.APPLIED,
        -1,
        "",
        "crc32c:00000001 crc32:00000002",
        failure);
  }
}
