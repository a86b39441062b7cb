package io.hostpipe.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.hostpipe.Committed;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

final class CommitsTest {
  private final PipeException broken =
      new PipeException.Closed(Status.ABORTED, "the other side is gone");
  private static final Rejection WHY = new Rejection(Status.INVALID_ARGUMENT, "not a number");

  private final Commits commits = new Commits(100);

  @Test
  void onlyGrows() throws Exception {
    assertThat(commits.committed().position()).isEqualTo(100);
    commits.advance(200);
    commits.advance(150);
    assertThat(commits.committed().position()).isEqualTo(200);
    assertThat(commits.position()).isEqualTo(200);
    assertThat(commits.await(200).position()).isEqualTo(200);
    assertThat(commits.await(300, Duration.ofMillis(1)).position()).isEqualTo(200);
    commits.awaitPosition(200);
  }

  @Test
  void tellsEachRejectionOnceWithThePositionThatPassesIt() throws Exception {
    commits.reject(120, WHY);
    commits.reject(140, WHY);
    assertThat(commits.committed()).isEqualTo(new Committed(100, List.of()));
    commits.advance(130);
    commits.awaitPosition(130);
    assertThat(commits.committed())
        .isEqualTo(new Committed(130, List.of(new Committed.Rejected(120, WHY))));
    assertThat(commits.committed()).isEqualTo(new Committed(130, List.of()));
    commits.advance(200);
    assertThat(commits.await(200).rejected()).containsExactly(new Committed.Rejected(140, WHY));
  }

  @Test
  void tellsWhatCameBeforeAFailureFirst() throws Exception {
    commits.reject(120, WHY);
    commits.reject(500, WHY);
    commits.advance(130);
    commits.fail(broken);
    commits.fail(new PipeException.Closed(Status.INTERNAL, "a later cause"));
    assertThat(commits.committed().rejected()).hasSize(1);
    assertThatExceptionOfType(PipeException.Closed.class)
        .isThrownBy(commits::committed)
        .isSameAs(broken);
    assertThat(commits.await(130).position()).as("still true").isEqualTo(130);
    assertThatExceptionOfType(PipeException.class).isThrownBy(() -> commits.await(131));
    assertThatExceptionOfType(PipeException.class)
        .isThrownBy(() -> commits.await(131, Duration.ofDays(1)));
    assertThatExceptionOfType(PipeException.class).isThrownBy(() -> commits.awaitPosition(131));
    assertThat(commits.when(131).toCompletableFuture()).isCompletedExceptionally();
    assertThat(commits.when(130).toCompletableFuture()).isCompleted();
  }

  @Test
  void completesStagesWhenTheirTimeComes() {
    CompletableFuture<Committed> near = commits.when(150).toCompletableFuture();
    CompletableFuture<Committed> far = commits.when(300).toCompletableFuture();
    // A stage may look at the commits again: the lock is not held then.
    CompletableFuture<Long> seen = near.thenApply(now -> commits.position());
    commits.advance(149);
    assertThat(near).isNotDone();
    commits.advance(200);
    assertThat(seen).isCompletedWithValue(200L);
    assertThat(far).isNotDone();
    commits.fail(broken);
    assertThat(far).isCompletedExceptionally();
  }

  @Test
  void wakesWhoWaits() throws Exception {
    CompletableFuture<Committed> awaited = new CompletableFuture<>();
    Thread waiting = waiting(awaited);
    commits.advance(1_000);
    assertThat(awaited.get(10, TimeUnit.SECONDS).position()).isEqualTo(1_000);
    waiting.join();
    CompletableFuture<Committed> interrupted = new CompletableFuture<>();
    Commits others = new Commits(0);
    Thread second =
        Thread.ofVirtual()
            .start(() -> {
              try {
                interrupted.complete(others.await(1));
              } catch (PipeException | InterruptedException e) {
                interrupted.completeExceptionally(e);
              }
            });
    awaitBlocked(second);
    second.interrupt();
    second.join();
    assertThatExceptionOfType(java.util.concurrent.ExecutionException.class)
        .isThrownBy(() -> interrupted.get(10, TimeUnit.SECONDS))
        .withCauseInstanceOf(InterruptedException.class);
  }

  @Test
  void limitsWhatLiesUntoldAndWhoWaits() {
    for (int each = 0; each < Commits.UNTOLD_MAX; each++) {
      commits.reject(200 + each, WHY);
    }
    assertThat(commits.when(201).toCompletableFuture()).isNotDone();
    commits.reject(1_000_000, WHY);
    assertThat(commits.when(202).toCompletableFuture()).isCompletedExceptionally();
    assertThatExceptionOfType(PipeException.Rejected.class)
        .isThrownBy(commits::committed)
        .withMessageContaining("" + Commits.UNTOLD_MAX);
    Commits others = new Commits(0);
    for (int each = 0; each < Commits.WAITING_MAX; each++) {
      others.when(1 + each);
    }
    assertThatIllegalStateException().isThrownBy(() -> others.when(1));
  }

  private Thread waiting(CompletableFuture<Committed> awaited) {
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              try {
                awaited.complete(commits.await(1_000));
              } catch (PipeException | InterruptedException e) {
                awaited.completeExceptionally(e);
              }
            });
    awaitBlocked(thread);
    return thread;
  }

  private static void awaitBlocked(Thread thread) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (thread.getState() != Thread.State.WAITING) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      LockSupport.parkNanos(100_000);
    }
  }
}
