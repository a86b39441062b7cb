package io.hostpipe.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What was put and is not confirmed. */
final class ConfirmWindowTest {
  private static final int ROUNDS = 5_000;

  private static final class Window extends ConfirmWindow<Message> {
    Window(Commits commits) {
      super(commits, 10, Duration.ofDays(1));
    }

    void confirm(Message message) {
      lock.lock();
      try {
        message.confirm();
      } finally {
        lock.unlock();
      }
      release();
    }
  }

  private static final class Message extends UnconfirmedMessage {
    Message(long endPosition) {
      super(endPosition, 1, null);
    }
  }

  @Test
  void whoHasWaitedForAllOfItFindsAllOfItCommitted() throws Exception {
    Commits commits = new Commits(0);
    Window window = new Window(commits);
    for (int round = 1; round <= ROUNDS; round++) {
      Message message = new Message(round);
      boolean _ = window.add(message);
      CountDownLatch begun = new CountDownLatch(1);
      Thread broker =
          Thread.ofPlatform()
              .start(() -> {
                begun.countDown();
                window.confirm(message);
              });
      begun.await();
      window.awaitEmpty();
      assertThat(commits.position()).isEqualTo(round);
      broker.join();
    }
  }
}
