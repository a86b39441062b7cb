package io.hostpipe.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.hostpipe.Batch;
import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.StreamId;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.storage.RealDisk;
import io.hostpipe.storage.spool.Spool;
import io.hostpipe.storage.spool.SpoolOptions;
import io.hostpipe.storage.spool.SpoolStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A message costs no object, at either end: what is allocated is for each batch and each read. */
@Timeout(360)
final class AllocationTest {
  private static final long WARM_UP_COUNT = 1_000_000;
  private static final long MESSAGE_COUNT = 10_000_000;
  private static final long SPOOLED_COUNT = 2_000_000;

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

  @Test
  void twoMillionMessagesThroughASpoolAllocateLessThanAByteEachAtEitherEnd(@TempDir Path folder)
      throws Exception {
    BlockPool pool = new BlockPool(64 << 20);
    try (Spool spool =
        Spool.open(RealDisk.INSTANCE, folder, SpoolOptions.DEFAULT, pool, PipeEvents.SILENT)) {
      SpoolStream stream = spool.open(new StreamId("allocation"), Encoding.RECORDS);
      Source source = stream.source(false);
      MessageCheck check = new MessageCheck();
      FutureTask<Long> receiving =
          new FutureTask<>(() -> {
            read(source, check);
            return check.count();
          });
      Thread.ofPlatform().start(receiving);
      Sink sink = stream.sink();
      PipeMessages.Sender sender = new PipeMessages.Sender(sink);
      ByteBuffer message = MessageCheck.message();
      send(sender, message, 0, WARM_UP_COUNT);

      long before = THREADS.getTotalThreadAllocatedBytes();
      send(sender, message, WARM_UP_COUNT, SPOOLED_COUNT);
      long allocatedBytes = THREADS.getTotalThreadAllocatedBytes() - before;

      sink.finish();
      assertThat(receiving.get()).isEqualTo(WARM_UP_COUNT + SPOOLED_COUNT);
      assertThat(allocatedBytes)
          .as("bytes allocated at both ends for %s messages", SPOOLED_COUNT)
          .isLessThan(2 * SPOOLED_COUNT);
      System.out.println(allocatedBytes / (double) SPOOLED_COUNT + " bytes a spooled message");
    }
  }

  private static void read(Source source, MessageCheck check) throws Exception {
    Batch.Visitor visitor = (endPosition, payload, headers) -> check.onMessage(payload);
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      batch.forEach(visitor);
      source.commit(batch.endPosition());
      batch.close();
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
