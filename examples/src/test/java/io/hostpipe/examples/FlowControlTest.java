package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Committed;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class FlowControlTest {
  @Test
  void aSlowReaderHoldsItsWriterBackAndLosesNothing() throws Exception {
    int count = 40_000;
    AtomicInteger sent = new AtomicInteger();
    AtomicLong sum = new AtomicLong();
    Semaphore mayRead = new Semaphore(0);
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/numbers?window=64KiB");
        Pipe near =
            Hostpipe.connect(
                "tcp://127.0.0.1:" + listener.address().port() + "/numbers?window=64KiB");
        Pipe far = listener.accept();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> sending =
          threads.submit(() -> {
            for (int number = 0; number < count; number++) {
              near.send(Integer.toString(number).getBytes(UTF_8));
              sent.incrementAndGet();
            }
            near.sink().finish();
            return null;
          });
      Future<?> adding =
          threads.submit(() -> {
            FlowControl.addUp(
                far,
                number -> {
                  mayRead.acquireUninterruptibly();
                  sum.addAndGet(number);
                });
            return null;
          });
      int before = 0;
      while (before == 0 || sent.get() != before) {
        before = sent.get();
        assertThat(mayRead.tryAcquire(300, java.util.concurrent.TimeUnit.MILLISECONDS)).isFalse();
      }
      assertThat(before).as("the window is full").isPositive().isLessThan(count);
      mayRead.release(count);
      sending.get();
      adding.get();
    }
    assertThat(sum).hasValue((long) count * (count - 1) / 2);
  }

  @Test
  void whatIsNoNumberIsRefusedByNameAndTheStreamGoesOn() throws Exception {
    AtomicLong sum = new AtomicLong();
    try (Hostpipe.Pair pair = Hostpipe.pair();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> adding =
          threads.submit(() -> {
            FlowControl.addUp(pair.far(), sum::addAndGet);
            return null;
          });
      pair.near().send("1".getBytes(UTF_8));
      Pipe.Sent wrong = pair.near().send("two".getBytes(UTF_8));
      Pipe.Sent last = pair.near().send("3".getBytes(UTF_8));
      Committed refused = wrong.awaitCommitted();
      assertThat(refused.rejected())
          .singleElement()
          .satisfies(rejected -> {
            assertThat(rejected.endPosition()).isEqualTo(wrong.endPosition());
            assertThat(rejected.why().status()).isEqualTo(Status.INVALID_ARGUMENT);
          });
      last.awaitCommitted();
      pair.near().sink().finish();
      adding.get();
    }
    assertThat(sum).hasValue(4);
  }

  @Test
  void everyFailureSaysWhatToDo() {
    assertThat(FlowControl.advice(new PipeException.Config("a word too many")))
        .isEqualTo(FlowControl.Advice.CORRECT_THE_CALL);
    assertThat(FlowControl.advice(new PipeException.Refused(Status.NOT_FOUND, "no such name")))
        .isEqualTo(FlowControl.Advice.TRY_AGAIN_LATER);
    assertThat(FlowControl.advice(new PipeException.Refused(Status.PERMISSION_DENIED, "no")))
        .isEqualTo(FlowControl.Advice.ASK_A_PERSON);
    assertThat(FlowControl.advice(new UncheckedIOException(new PipeException.DataLoss("a digest"))))
        .isEqualTo(FlowControl.Advice.ASK_A_PERSON);
    assertThat(FlowControl.advice(new UncheckedIOException(new IOException("another"))))
        .isEqualTo(FlowControl.Advice.ASK_A_PERSON);
  }
}
