package io.hostpipe.connector.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.Encoding;
import io.hostpipe.Hostpipe;
import io.hostpipe.Message;
import io.hostpipe.PipeException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(240)
final class PairTest {
  @Test
  void whatOneEndSendsTheOtherReceives() throws Exception {
    try (Hostpipe.Pair pair = Hostpipe.pair()) {
      pair.near().send(new byte[] {1});
      pair.far().send(new byte[] {2});
      Message there = Objects.requireNonNull(pair.far().messages().read());
      Message here = Objects.requireNonNull(pair.near().messages().read());
      assertThat(there.payload()).containsExactly(1);
      assertThat(here.payload()).containsExactly(2);
    }
  }

  @Test
  void aPairOfBytesIsAPairOfStreams() throws Exception {
    try (Hostpipe.Pair pair = Hostpipe.pair(Encoding.RAW);
        InputStream in = pair.far().inputStream()) {
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(() -> {
            try (OutputStream out = pair.near().outputStream()) {
              out.write(new byte[] {1, 2, 3});
            } catch (java.io.IOException e) {
              throw new AssertionError(e);
            }
          });
      assertThat(in.readAllBytes()).containsExactly(1, 2, 3);
      writing.get();
    }
  }

  @Test
  void pairsDoNotMeetAndEndTogether() throws Exception {
    Hostpipe.Pair two = Hostpipe.pair();
    try (Hostpipe.Pair one = Hostpipe.pair()) {
      one.near().send(new byte[1]);
      two.close();
      two.close();
      assertThatExceptionOfType(PipeException.Closed.class)
          .isThrownBy(() -> two.far().messages().read());
      assertThat(Objects.requireNonNull(one.far().messages().read()).payload()).hasSize(1);
    }
  }
}
