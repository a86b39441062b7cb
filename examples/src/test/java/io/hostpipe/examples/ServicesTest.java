package io.hostpipe.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.testkit.servers.NatsServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
final class ServicesTest {
  @TempDir private Path folder;

  @Test
  void eachServiceGetsEverythingWhenItHasTimeAndGoesOnWhereItWas() throws Exception {
    try (NatsServer server = NatsServer.start(folder)) {
      String subject = "nats://127.0.0.1:" + server.port() + "/pipe.data";
      List<String> events = IntStream.range(0, 300).mapToObj(number -> "event " + number).toList();
      List<String> storage = new ArrayList<>();
      List<String> analysis = new ArrayList<>();
      List<String> alert = new ArrayList<>();

      Services.publish(subject, events.subList(0, 200).stream());
      Services.serve(subject, "storage", 200, storage::add);
      Services.serve(subject, "analysis", 50, analysis::add);
      Services.publish(subject, events.subList(200, 300).stream());
      Services.serve(subject, "storage", 100, storage::add);
      Services.serve(subject, "analysis", 250, analysis::add);
      Services.serve(subject, "alert", 300, alert::add);

      assertThat(storage).isEqualTo(events);
      // What it had in hand when it was closed came again, behind others.
      assertThat(analysis).containsExactlyInAnyOrderElementsOf(events);
      assertThat(alert).isEqualTo(events);
    }
  }
}
