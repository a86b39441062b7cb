package io.hostpipe.testkit.servers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ports that servers are told to listen at, a while before they do. */
final class FreePortTest {
  /** Where the ports begin that this system gives by itself; others begin higher. */
  private static final int FIRST_OF_SYSTEM = 32_768;

  @Test
  void noPortIsGivenTwiceOrIsOneThatTheSystemGives() throws Exception {
    List<Integer> all = new ArrayList<>();
    for (int count = 0; count < 3_000; count++) {
      all.add(ServerProcess.freePort());
    }
    assertThat(all).doesNotHaveDuplicates().allMatch(port -> port < FIRST_OF_SYSTEM);
  }
}
