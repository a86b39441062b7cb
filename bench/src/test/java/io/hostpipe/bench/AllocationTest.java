package io.hostpipe.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A message costs no object, at either end: what is allocated is for each batch and each read. */
@Timeout(120)
final class AllocationTest {
  private static final long WARM_UP_COUNT = 1_000_000;
  private static final long MESSAGE_COUNT = 10_000_000;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void tenMillionMessagesOverTcpAllocateLessThanAByteEachAtEitherEnd() throws Exception {
    try (Listener listener = Hostpipe.listen("tcp-listen://127.0.0.1:0/allocation");
        Pipe out =
            Hostpipe.connect("tcp://127.0.0.1:" + listener.address().port() + "/allocation");
        Pipe in = listener.accept()) {
      MessageCheck check = new MessageCheck();
      FutureTask<Long> receiving =
          new FutureTask<>(() -> {
            PipeMessages.receive(in, check);
            return check.count();
          });
      Thread.ofPlatform().start(receiving);
      PipeMessages.Sender sender = new PipeMessages.Sender(out.sink());
      ByteBuffer message = MessageCheck.message();
      send(sender, message, 0, WARM_UP_COUNT);

      // Of all threads, those in the background of the pipes included.
      long before = THREADS.getTotalThreadAllocatedBytes();
      send(sender, message, WARM_UP_COUNT, MESSAGE_COUNT);
      long allocatedBytes = THREADS.getTotalThreadAllocatedBytes() - before;

      out.sink().finish();
      assertThat(receiving.get()).isEqualTo(WARM_UP_COUNT + MESSAGE_COUNT);
      assertThat(allocatedBytes)
          .as("bytes allocated at both ends for %s messages", MESSAGE_COUNT)
          .isLessThan(2 * MESSAGE_COUNT);
      System.out.println(allocatedBytes / (double) MESSAGE_COUNT + " bytes a message");
    }
  }

  private static void send(PipeMessages.Sender sender, ByteBuffer message, long first, long count)
      throws Exception {
    for (long number = first; number < first + count; number++) {
      sender.send(MessageCheck.number(message, number));
    }
    sender.awaitAcknowledged();
  }
}
