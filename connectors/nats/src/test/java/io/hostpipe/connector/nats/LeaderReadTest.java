package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.testkit.servers.NatsServer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How far a subject has got is asked of its stream's leader. Any server that has a copy answers
 * what is asked directly (DIRECT.GET), and one that is behind then shows a loss where there is
 * none.
 */
final class LeaderReadTest {
  private static final String NOTHING_IS_ASKED_DIRECTLY =
      """
      authorization {
        users: [
          {user: anna, password: "s3cret", permissions: {publish: {deny: "$JS.API.DIRECT.GET.>"}}}
        ]
      }
      no_auth_user: anna
      """;

  @TempDir private Path folder;

  @Test
  void aPlaceIsFoundAndAnEndIsReachedWithoutACopyThatMayBeBehind() throws Exception {
    try (NatsServer server = NatsServer.start(folder, NOTHING_IS_ASKED_DIRECTLY);
        Subject subject = new Subject(server)) {
      Sink first = subject.sink("numbers", "?jetstream");
      Subject.writeNumbers(first, 1, 100);
      first.awaitCommitted(first.resume().position());
      first.close();
      Sink second = subject.sink("numbers", "?jetstream");
      assertThat(second.resume().position()).isEqualTo(first.resume().position());
      Subject.writeNumbers(second, 101, 200);
      second.finish();
      Source source = subject.source("?jetstream&until=last");
      assertThat(Subject.read(source, 200)).isEqualTo(Subject.numbers(1, 200));
      assertThat(source.read()).isNull();
    }
  }
}
