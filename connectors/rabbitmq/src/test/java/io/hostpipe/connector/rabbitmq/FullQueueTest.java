package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import io.hostpipe.BatchWriter;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Sink;
import io.hostpipe.testkit.InParallel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A queue that refuses messages when it is full (x-overflow=reject-publish). */
final class FullQueueTest extends WithQueue {
  private static final int COUNT = 300;
  private static final int LARGE = 600;
  private static final int BYTES_MAX = 1_000;

  @Test
  void whatWaitsForRoomInALimitedQueueKeepsItsOrder() throws Exception {
    queue.declare(Map.of("x-max-length", 20, "x-overflow", "reject-publish"));
    Sink sink = queue.sink("numbers", "");
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          TestQueue.writeNumbers(sink, 1, COUNT);
          sink.finish();
          return true;
        });
    assertThat(take(COUNT)).isEqualTo(TestQueue.numbers(1, COUNT));
    assertThat(writing.join()).isTrue();
    assertThat(queue.takeAll(queue.name())).isEmpty();
    assertThat(queue.warnings()).noneMatch(each -> each.contains("lies before it"));
  }

  /** A small one still goes in behind a large one that does not. */
  @Test
  void whatPassedTheFirstOneIsSaidExactlyAndNothingPassesAnotherAfterwards() throws Exception {
    server.administer(
        "set_policy",
        queue.name(),
        "^" + queue.name() + "$",
        "{\"max-length-bytes\":" + BYTES_MAX + ",\"overflow\":\"reject-publish\"}");
    Sink sink = queue.sink("letters", "");
    String first = "a".repeat(LARGE);
    String second = "b".repeat(LARGE);
    String third = "c".repeat(LARGE);
    write(sink, List.of(first, second, "1", "2", third, "3"));
    InParallel.await(() -> says("lies before it"));
    List<String> later = List.of("d".repeat(LARGE), "4", "e".repeat(LARGE), "5", "6");
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          write(sink, later);
          sink.finish();
          return true;
        });
    List<String> wanted = new ArrayList<>(List.of(first, "1", "2", "3", second, third));
    wanted.addAll(later);
    assertThat(take(wanted.size())).isEqualTo(wanted);
    assertThat(writing.join()).isTrue();
    assertThat(queue.takeAll(queue.name())).isEmpty();
    long large = Records.lengthBytes(LARGE, 0);
    long small = Records.lengthBytes(1, 0);
    long behind = 2 * large + 2 * small;
    assertThat(queue.warnings().stream().filter(each -> each.contains("lies before it")))
        .singleElement()
        .asString()
        .contains(
            "refused the message " + large + ".." + 2 * large + " of the stream",
            "in the queue: "
                + 2 * large
                + ".."
                + behind
                + ", "
                + (behind + large)
                + ".."
                + (behind + large + small)
                + ". From here on one message");
  }

  /** All in one batch, so all are on their way before the first answer comes. */
  private static void write(Sink sink, List<String> texts)
      throws PipeException, InterruptedException {
    try (BatchWriter batch = sink.newBatch(1 << 16)) {
      for (String each : texts) {
        assertThat(batch.add(StandardCharsets.UTF_8.encode(each))).isTrue();
      }
      sink.write(batch);
    }
  }

  /** Takes messages out one by one, as they come, until there were so many. */
  private List<String> take(int count) throws Exception {
    Channel client = queue.client();
    List<String> all = new ArrayList<>();
    InParallel.await(() -> {
      try {
        GetResponse next = client.basicGet(queue.name(), true);
        if (next != null) {
          all.add(new String(next.getBody(), StandardCharsets.UTF_8));
        }
      } catch (java.io.IOException e) {
        throw new AssertionError(e);
      }
      return all.size() == count;
    });
    return all;
  }

  private boolean says(String words) {
    return queue.warnings().stream().anyMatch(each -> each.contains(words));
  }
}
