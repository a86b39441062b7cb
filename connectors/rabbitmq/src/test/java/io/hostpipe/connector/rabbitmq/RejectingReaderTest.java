package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Batch;
import io.hostpipe.Rejection;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.testkit.InParallel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Readers that refuse messages, and end more often than the queue gives one out. */
final class RejectingReaderTest extends WithQueue {
  private static final int COUNT = 100;
  private static final int LIVES = 25;

  /** The server's own dead letters, and those of readers, and what was committed: all, once. */
  @Test
  void whatIsTakenAndWhatIsADeadLetterIsAll() throws Exception {
    String dead = "dead." + queue.name();
    String query = "?quorum&delivery-limit=20&dead-letters=" + dead;
    Sink sink = queue.sink("numbers", query);
    TestQueue.writeNumbers(sink, 1, COUNT);
    sink.finish();
    List<String> taken = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    for (int life = 1; life <= LIVES; life++) {
      // With a few of them in hand; it dies with all but two.
      try (Source source = queue.source(query + "&prefetch=10&until=empty")) {
        takeOneAndRefuseOne(source, taken, refused);
      }
    }
    // What the last one had in hand comes back a moment after its end.
    InParallel.await(() -> waiting(queue.name()) + waiting(dead) + taken.size() == COUNT);
    Source last = queue.source(query + "&until=empty");
    taken.addAll(TestQueue.read(last, Integer.MAX_VALUE));
    InParallel.await(() -> waiting(dead) == COUNT - taken.size());
    List<String> letters = TestQueue.texts(queue.takeAll(dead));
    assertThat(letters).containsAll(refused);
    List<String> all = new ArrayList<>(taken);
    all.addAll(letters);
    assertThat(all).containsExactlyInAnyOrderElementsOf(TestQueue.numbers(1, COUNT));
    assertThat(queue.takeAll(queue.name())).isEmpty();
  }

  private static void takeOneAndRefuseOne(Source source, List<String> taken, List<String> refused)
      throws Exception {
    List<String> texts = new ArrayList<>();
    List<Long> ends = new ArrayList<>();
    while (ends.size() < 2) {
      try (Batch batch = Objects.requireNonNull(source.read())) {
        batch.forEach((end, payload, headers) -> {
          texts.add(TestQueue.textOf(payload));
          ends.add(end);
        });
      }
    }
    source.reject(ends.getFirst(), new Rejection(Status.INVALID_ARGUMENT, "not so"));
    source.commit(ends.get(1));
    refused.add(texts.getFirst());
    taken.add(texts.get(1));
  }

  private long waiting(String name) {
    try {
      return queue.waiting(name);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
