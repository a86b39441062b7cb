package io.hostpipe.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Encoding;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A pipe of bytes as streams and channels keeps what the pipe promises. */
public interface ByteViewContract extends ContractTests {
  @Test
  default void carriesBytesThroughStreamsHoweverTheyAreCut() throws Exception {
    ContractWay way = openBytes();
    byte[] sent = randomBytes(3_000_000);
    InParallel<byte[]> receiving =
        InParallel.run(() -> {
          try (InputStream in = way.far().inputStream()) {
            byte[] head = {(byte) in.read(), (byte) in.read()};
            assertThat(in.read(new byte[0])).isZero();
            byte[] rest = in.readAllBytes();
            assertThat(in.read()).isEqualTo(-1);
            assertThat(in.available()).isZero();
            byte[] all = new byte[2 + rest.length];
            System.arraycopy(head, 0, all, 0, 2);
            System.arraycopy(rest, 0, all, 2, rest.length);
            return all;
          }
        });
    OutputStream out = way.near().outputStream();
    out.write(sent[0]);
    out.write(sent, 1, 6);
    out.write(sent, 7, 0);
    out.flush();
    out.write(sent, 7, sent.length - 7);
    out.close();
    out.close();
    assertThat(receiving.join()).isEqualTo(sent);
    assertThatExceptionOfType(IOException.class).isThrownBy(() -> out.write(1));
  }

  @Test
  default void carriesBytesThroughChannels() throws Exception {
    ContractWay way = openBytes();
    byte[] sent = randomBytes(1_000_000);
    InParallel<byte[]> receiving =
        InParallel.run(() -> {
          ByteBuffer all = ByteBuffer.allocateDirect(sent.length + 1);
          try (ReadableByteChannel in = way.far().readChannel()) {
            while (in.read(all) >= 0) {
              assertThat(all.hasRemaining()).isTrue();
            }
          }
          byte[] received = new byte[all.flip().remaining()];
          all.get(received);
          return received;
        });
    WritableByteChannel out = way.near().writeChannel();
    ByteBuffer from = ByteBuffer.allocateDirect(sent.length).put(sent).flip();
    assertThat(out.write(from.slice(0, 10))).isEqualTo(10);
    assertThat(out.write(from.position(10))).isEqualTo(sent.length - 10);
    assertThat(from.hasRemaining()).isFalse();
    out.close();
    assertThat(out.isOpen()).isFalse();
    assertThat(receiving.join()).isEqualTo(sent);
    assertThatExceptionOfType(ClosedChannelException.class)
        .isThrownBy(() -> out.write(ByteBuffer.allocate(1)));
  }

  @Test
  default void aCloseOfAStreamWaitsUntilTheReaderHasDealtWithAll() throws Exception {
    needs(ContractPlace.Ability.TELLS_COMMITS);
    ContractWay way = openBytes();
    OutputStream out = way.near().outputStream();
    out.write(new byte[10]);
    InParallel<Boolean> closing =
        InParallel.run(() -> {
          out.close();
          return true;
        });
    InputStream in = way.far().inputStream();
    assertThat(in.readNBytes(10)).hasSize(10);
    closing.awaitBlocked();
    assertThat(way.sink().committed().position()).as("read, and not yet dealt with").isZero();
    assertThat(in.read()).isEqualTo(-1);
    assertThat(closing.join()).isTrue();
    in.close();
  }

  @Test
  default void aStreamThatWasLeftWithoutACloseIsNeverTakenForAWhole() throws Exception {
    needs(ContractPlace.Ability.TELLS_ABORTS);
    ContractWay way = openBytes();
    InParallel<byte[]> receiving = InParallel.run(() -> way.far().inputStream().readAllBytes());
    try (Pipe pipe = way.near()) {
      pipe.outputStream().write(new byte[100]);
    }
    assertThat(receiving.failure()).isInstanceOf(PipeException.class);
  }

  @Test
  default void anInterruptedWriteAbortsTheStreamWhenItIsClosed() throws Exception {
    needs(ContractPlace.Ability.PUSHES_BACK);
    needs(ContractPlace.Ability.TELLS_ABORTS);
    ContractWay way = openBytes();
    OutputStream out = way.near().outputStream();
    AtomicLong written = new AtomicLong();
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          try {
            while (true) {
              out.write(new byte[100_000]);
              written.addAndGet(100_000);
            }
          } catch (InterruptedIOException e) {
            assertThat(Thread.interrupted()).as("the interrupt is restored").isTrue();
            out.close();
            return true;
          }
        });
    InParallel.awaitStill(written::get);
    writing.thread().interrupt();
    assertThat(writing.join()).isTrue();
    InParallel<byte[]> receiving = InParallel.run(() -> way.far().inputStream().readAllBytes());
    assertThat(receiving.failure()).isInstanceOf(PipeException.class);
  }

  @Test
  default void anInterruptedReadLosesNothing() throws Exception {
    ContractWay way = openBytes();
    InputStream in = way.far().inputStream();
    InParallel<Boolean> reading =
        InParallel.run(() -> {
          assertThatExceptionOfType(InterruptedIOException.class).isThrownBy(in::read);
          return Thread.interrupted();
        });
    reading.awaitBlocked();
    reading.thread().interrupt();
    assertThat(reading.join()).as("the interrupt is restored").isTrue();
    way.near().outputStream().write(7);
    InParallel<Integer> again = InParallel.run(in::read);
    assertThat(again.join()).isEqualTo(7);
    in.close();
  }

  @Test
  default void aCloseWakesWhoIsBlockedInAStream() throws Exception {
    ContractWay way = openBytes();
    InputStream in = way.far().inputStream();
    InParallel<Integer> reading = InParallel.run(in::read);
    reading.awaitBlocked();
    in.close();
    in.close();
    assertThat(reading.failure()).isInstanceOf(IOException.class);
    assertThatExceptionOfType(ClosedChannelException.class).isThrownBy(in::read);
  }

  @Test
  default void aReaderThatClosesEarlyTellsTheWriter() throws Exception {
    needs(ContractPlace.Ability.PUSHES_BACK);
    needs(ContractPlace.Ability.TELLS_ABORTS);
    ContractWay way = openBytes();
    OutputStream out = way.near().outputStream();
    InParallel<Boolean> writing =
        InParallel.run(() -> {
          while (true) {
            out.write(new byte[100_000]);
          }
        });
    try (InputStream in = way.far().inputStream()) {
      assertThat(in.readNBytes(1_000)).hasSize(1_000);
    }
    assertThat(writing.failure()).isInstanceOf(PipeException.class);
    out.close();
  }

  @Test
  default void refusesToReadMessagesAsBytes() throws Exception {
    needs(ContractPlace.Ability.BOTH_WAYS);
    Pipe pipe = openMessages().near();
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(pipe::inputStream)
        .withMessageContaining("Encoding.RAW");
    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(pipe::outputStream);
    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(pipe::readChannel);
    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(pipe::writeChannel);
  }

  private ContractWay openBytes() throws PipeException, InterruptedException {
    needs(ContractPlace.Ability.BOTH_WAYS);
    return open(Encoding.RAW);
  }

  private static byte[] randomBytes(int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    new Random(lengthBytes).nextBytes(bytes);
    return bytes;
  }
}
