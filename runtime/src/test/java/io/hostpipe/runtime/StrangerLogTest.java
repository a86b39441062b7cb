package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.session.Code;
import io.hostpipe.session.SessionFailure;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class StrangerLogTest {
  private final Told told = new Told();

  @Test
  void saysSoManyLinesAMinuteAndHowManyItLeftOut() throws Exception {
    StrangerLog log = new StrangerLog(told, 3, TimeUnit.MILLISECONDS.toNanos(300));
    for (int line = 0; line < 50; line++) {
      log.say("stranger " + line);
    }
    Eventually.holds(
        "the rest was counted",
        () -> told.lines().stream().anyMatch(line -> line.contains("more lines about strangers")));
    long said = told.lines().stream().filter(line -> line.contains("stranger ")).count();
    long leftOut =
        told.lines().stream()
            .filter(line -> line.contains("more lines"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")))
            .sum();
    assertThat(said + leftOut).isEqualTo(50);
    // On a machine that takes its time, a second minute may have begun meanwhile.
    assertThat(leftOut).isGreaterThan(20);
    log.say("one more");
    assertThat(told.lines().getLast()).contains("one more");
  }

  @Test
  void whoIsRefusedAgainAndAgainIsOneLine() {
    StrangerLog log = new StrangerLog(told, 100);
    Link link = MemoryLink.pair("10.1.2.3:55", "here")[1];
    for (int count = 0; count < 10; count++) {
      log.refused(link, new SessionFailure(Code.NOT_FOUND, "nobody listens for 'x' here", false));
    }
    log.refused(link, new SessionFailure(Code.ABORTED, "connection 1 is not newer than 1", false));
    assertThat(told.lines())
        .containsExactly("warning 10.1.2.3: turned away: nobody listens for 'x' here");
  }
}
