package io.hostpipe.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class ByteServerTest {
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

  @Test
  void threeMillionBytesArriveAndTheirNumberComesBack() throws Exception {
    byte[] sent = new byte[3_000_000];
    new Random(2).nextBytes(sent);
    try (Listener listener = listener();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Long> served = threads.submit(() -> serve(listener));
      assertThat(ByteServer.call(address(listener), new ByteArrayInputStream(sent)))
          .isEqualTo("ACK 3000000");
      assertThat(served.get()).isEqualTo(3_000_000);
      assertThat(kept.toByteArray()).isEqualTo(sent);
    }
  }

  @Test
  void halfOfAFileIsNeverTakenForTheWhole() throws Exception {
    InputStream breaks =
        new FilterInputStream(new ByteArrayInputStream(new byte[20_000])) {
          @Override
          public int read(byte[] to, int offset, int lengthBytes) throws IOException {
            int readBytes = super.read(to, offset, lengthBytes);
            if (readBytes < 0) {
              throw new IOException("the disk is broken");
            }
            return readBytes;
          }
        };
    try (Listener listener = listener();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Long> served = threads.submit(() -> serve(listener));
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> ByteServer.call(address(listener), breaks))
          .withMessage("the disk is broken");
      assertThatExceptionOfType(ExecutionException.class)
          .isThrownBy(served::get)
          .withCauseInstanceOf(PipeException.Closed.class);
    }
  }

  private static Listener listener() throws PipeException {
    return Hostpipe.listen("tcp-listen://127.0.0.1:0/bytes", Encoding.RAW);
  }

  private static String address(Listener listener) {
    return "tcp://127.0.0.1:" + listener.address().port() + "/bytes";
  }

  private long serve(Listener listener) throws Exception {
    try (Pipe pipe = listener.accept()) {
      return ByteServer.serve(pipe, kept);
    }
  }
}
