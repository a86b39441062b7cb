package io.hostpipe.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class InboxTest {
  private static final long LONG_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final int MEBIBYTE = 1 << 20;

  /** As many messages of a mebibyte as it takes. */
  private static final int FULL = 16;

  @Test
  void whatIsPutIsTakenInOrderWhoeverIsFaster() throws Exception {
    Inbox<Integer> inbox = new Inbox<>(message -> 4096);
    CompletableFuture<Void> put =
        inParallel(() -> {
          for (int number = 0; number < 200_000; number++) {
            inbox.put(number);
          }
          inbox.end();
        });
    List<Integer> taken = new ArrayList<>();
    for (Integer each = inbox.poll(LONG_NANOS); each != null; each = inbox.poll(LONG_NANOS)) {
      taken.add(each);
    }
    put.get(5, TimeUnit.MINUTES);
    assertThat(taken).isEqualTo(IntStream.range(0, 200_000).boxed().toList());
    assertThat(inbox.ended()).isTrue();
  }

  @Test
  void aFullOneMakesWhoBringsWaitUntilMuchIsTaken() throws Exception {
    Inbox<Integer> inbox = new Inbox<>(message -> MEBIBYTE);
    for (int number = 0; number < FULL; number++) {
      inbox.put(number);
    }
    CompletableFuture<Void> more = inParallel(() -> inbox.put(FULL));
    for (int number = 0; number < FULL; number++) {
      assertThat(inbox.poll()).isEqualTo(number);
    }
    assertThat(inbox.poll(LONG_NANOS)).isEqualTo(FULL);
    more.get(5, TimeUnit.MINUTES);
    assertThat(inbox.poll()).isNull();
  }

  @Test
  void whoWaitsForRoomGoesOnWhenNobodyReadsAnyMore() throws Exception {
    Inbox<Integer> inbox = new Inbox<>(message -> MEBIBYTE);
    for (int number = 0; number < FULL; number++) {
      inbox.put(number);
    }
    CompletableFuture<Void> more = inParallel(() -> inbox.put(FULL));
    assertThat(inbox.close()).hasSize(FULL);
    more.get(5, TimeUnit.MINUTES);
    assertThat(inbox.poll()).isNull();
    assertThat(inbox.ended()).isTrue();
  }

  @Test
  void whatIsThereWhenItEndsIsStillTaken() throws Exception {
    Inbox<Integer> inbox = new Inbox<>(message -> 1);
    inbox.put(1);
    inbox.end();
    inbox.put(2);
    assertThat(inbox.ended()).isFalse();
    assertThat(inbox.poll(LONG_NANOS)).isEqualTo(1);
    assertThat(inbox.poll(LONG_NANOS)).isNull();
    assertThat(inbox.ended()).isTrue();
  }

  @Test
  void whoAsksForMessagesIsToldWheneverThereIsRoomAgain() throws Exception {
    Inbox<Integer> inbox = new Inbox<>(message -> MEBIBYTE);
    AtomicInteger told = new AtomicInteger();
    inbox.onRoom(told::incrementAndGet);
    for (int round = 1; round <= 2; round++) {
      assertThat(inbox.hasRoom()).isTrue();
      for (int number = 0; number < FULL; number++) {
        inbox.put(number);
      }
      assertThat(inbox.hasRoom()).isFalse();
      for (int number = 0; number < FULL / 2 - 1; number++) {
        inbox.poll();
      }
      assertThat(told).as("more than half is in use").hasValue(round - 1);
      inbox.poll();
      assertThat(inbox.hasRoom()).isTrue();
      while (inbox.poll() != null) {
        assertThat(told).hasValue(round);
      }
    }
  }

  @Test
  void whoWaitsForAMessageIsToldOfTheEnd() throws Exception {
    Inbox<Integer> inbox = new Inbox<>(message -> 1);
    CompletableFuture<Void> end = inParallel(inbox::end);
    assertThat(inbox.poll(LONG_NANOS)).isNull();
    end.get(5, TimeUnit.MINUTES);
    assertThat(inbox.ended()).isTrue();
  }

  @Test
  void anInterruptIsNotLost() {
    Inbox<Integer> inbox = new Inbox<>(message -> 1);
    Thread.currentThread().interrupt();
    assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> inbox.put(1));
    Thread.currentThread().interrupt();
    assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> inbox.poll(LONG_NANOS));
  }

  private static CompletableFuture<Void> inParallel(Step step) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            step.run();
            done.complete(null);
          } catch (Throwable e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }

  @FunctionalInterface
  private interface Step {
    void run() throws Exception;
  }
}
