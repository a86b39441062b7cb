package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.hostpipe.Headers;
import io.hostpipe.testkit.InParallel;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What is asked, and how much of it may be under way. */
final class UnansweredTest {
  private static final int REQUEST_BYTES = 1 << 20;
  private static final int COUNT = 40;

  /** Twenty of a mebibyte, and their answers of the same size, are more than there is room for. */
  @Test
  void requestsAndAnswersThatWaitAreBoundedInBytes() throws Exception {
    Unanswered unanswered = new Unanswered(1_000_000, Duration.ofDays(1));
    AtomicInteger added = new AtomicInteger();
    InParallel<Boolean> asking =
        InParallel.run(() -> {
          while (added.get() < COUNT) {
            unanswered.add(request(added.get()));
            added.incrementAndGet();
          }
          return true;
        });
    asking.awaitBlocked();
    assertThat(added.get()).isBetween(10, 16);
    // The answers wait for that of the first one.
    for (int number = 1; number < added.get(); number++) {
      assertThat(unanswered.answered("" + number, answer())).isTrue();
    }
    int before = added.get();
    assertThat(unanswered.answered("0", answer())).isTrue();
    for (int number = 0; number < before; number++) {
      assertThat(Objects.requireNonNull(unanswered.awaitSettled()).number()).isEqualTo("" + number);
    }
    for (int number = before; number < COUNT; number++) {
      int next = number;
      InParallel.await(() -> added.get() > next);
      assertThat(unanswered.answered("" + number, answer())).isTrue();
      assertThat(Objects.requireNonNull(unanswered.awaitSettled()).number()).isEqualTo("" + number);
    }
    assertThat(asking.join()).isTrue();
  }

  /** What is asked is short, and there would be room for some ten thousand. */
  @Test
  void whileAnswersAreLongFewerAreAsked() throws Exception {
    Unanswered unanswered = new Unanswered(1_000_000, Duration.ofDays(1));
    unanswered.add(shortRequest(0));
    assertThat(unanswered.answered("0", answer())).isTrue();
    assertThat(unanswered.awaitSettled()).isNotNull();
    int count = 2_000;
    AtomicInteger added = new AtomicInteger();
    InParallel<Boolean> asking =
        InParallel.run(() -> {
          while (added.get() < count) {
            unanswered.add(shortRequest(added.get() + 1));
            added.incrementAndGet();
          }
          return true;
        });
    asking.awaitBlocked();
    assertThat(added.get()).isBetween(10, 16);
    for (int number = 1; number <= count / 2; number++) {
      int next = number;
      InParallel.await(() -> added.get() >= next);
      assertThat(unanswered.answered("" + number, new Answer(new byte[100], Headers.EMPTY)))
          .isTrue();
      assertThat(unanswered.awaitSettled()).isNotNull();
    }
    // When answers have been short for a while, there is room for all others at once.
    assertThat(asking.join()).isTrue();
  }

  @Test
  void oneThatIsLongerThanAllOfThemMayBeIsTakenAlone() throws Exception {
    Unanswered unanswered = new Unanswered(10, Duration.ofDays(1));
    unanswered.add(
        new Asked(1, "long", "", new byte[32 << 20], new BasicProperties.Builder().build()));
    assertThat(unanswered.answered("long", answer())).isTrue();
    assertThat(unanswered.awaitSettled()).isNotNull();
  }

  private static Asked request(int number) {
    return new Asked(
        number,
        "" + number,
        "",
        new byte[REQUEST_BYTES],
        new BasicProperties.Builder().correlationId("" + number).build());
  }

  private static Asked shortRequest(int number) {
    return new Asked(
        number,
        "" + number,
        "",
        new byte[100],
        new BasicProperties.Builder().correlationId("" + number).build());
  }

  private static Answer answer() {
    return new Answer(new byte[REQUEST_BYTES], Headers.EMPTY);
  }
}
