package io.hostpipe.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.runtime.flow.ScriptedSource;
import io.hostpipe.runtime.flow.VirtualWaiting;
import io.hostpipe.spi.BlockPool;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RestartedSourceTest {
  private final BlockPool pool = new BlockPool(1 << 20);
  private final ScriptedSource producer =
      new ScriptedSource(Encoding.RAW, pool, new VirtualWaiting())
          .at(0, "abc")
          .at(0, "def")
          .at(0, "ghi");

  @AfterEach
  void everyBlockIsGivenBack() {
    assertThat(pool.takenBytes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 6, 8, 9})
  void whatTheSinkHoldsOfAReplayIsComparedAndLeftOut(int held) throws Exception {
    RestartedSource source = new RestartedSource(producer, RestartedSource.Yields.REPLAY);
    assertThat(source.seek(held("abcdefghi".substring(0, held)))).isTrue();
    assertThat(rest(source, held)).isEqualTo("abcdefghi".substring(held));
    assertThat(source.finished()).isTrue();
  }

  @Test
  void otherBytesThanTheSinkHoldsAreDataLoss() {
    RestartedSource source = new RestartedSource(producer, RestartedSource.Yields.REPLAY);
    assertThatThrownBy(() -> source.seek(held("abX")))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("other bytes before position 3");
    source.close();
  }

  @Test
  void aReplayThatEndsEarlyIsDataLoss() {
    RestartedSource source = new RestartedSource(producer, RestartedSource.Yields.REPLAY);
    assertThatThrownBy(() -> source.seek(held("abcdefghij")))
        .isInstanceOf(PipeException.DataLoss.class)
        .hasMessageContaining("ended at position 9, and the sink holds 10");
  }

  @Test
  void aReplayCannotBeComparedWithoutADigest() throws Exception {
    RestartedSource source = new RestartedSource(producer, RestartedSource.Yields.REPLAY);
    assertThat(source.seek(new Resume(4, null, null))).isFalse();
    assertThat(rest(source, 4)).isEqualTo("efghi");
  }

  @Test
  void whatFollowsGoesOnWhereTheSinkStands() throws Exception {
    RestartedSource source = new RestartedSource(producer, RestartedSource.Yields.CONTINUE);
    assertThat(source.seek(held("before"))).isFalse();
    assertThat(rest(source, 6)).isEqualTo("abcdefghi");
    source.commit(3);
    source.commit(10);
    assertThat(producer.committed()).isEqualTo(4);
  }

  @Test
  void aStreamThatWasBegunIsRefusedUntilSomebodySaysWhatComes() throws Exception {
    RestartedSource source = new RestartedSource(producer, null);
    assertThatThrownBy(() -> source.seek(held("abc")))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("up to position 3")
        .hasMessageContaining("--restarted replay");
    assertThat(source.seek(Resume.START)).isTrue();
    assertThat(rest(source, 0)).isEqualTo("abcdefghi");
  }

  @Test
  void aMessageIsLeftOutUpToItsMiddleWhereALinkBrokeInside() throws Exception {
    ScriptedSource messages =
        new ScriptedSource(Encoding.RECORDS, pool, new VirtualWaiting())
            .at(0, "one", "two", "three");
    RestartedSource source = new RestartedSource(messages, RestartedSource.Yields.REPLAY);
    assertThat(source.seek(new Resume(7, null, null))).isFalse();
    try (Batch inside = Objects.requireNonNull(source.read());
        Batch whole = Objects.requireNonNull(source.read())) {
      assertThat(inside.position()).isEqualTo(7);
      assertThat(inside.beginsInsideRecord()).isTrue();
      assertThat(whole.position()).isEqualTo(10);
      assertThat(whole.count()).isEqualTo(1);
    }
    source.close();
  }

  @Test
  void whatWasReadWhileSeekingIsGivenBackByClosing() throws Exception {
    RestartedSource source = new RestartedSource(producer, RestartedSource.Yields.REPLAY);
    source.seek(held("abcd"));
    source.close();
    assertThat(producer.closed()).isTrue();
  }

  private static Resume held(String bytes) {
    ByteBuffer content = ByteBuffer.wrap(bytes.getBytes(StandardCharsets.UTF_8));
    return new Resume(content.remaining(), null, Digest.EMPTY.extend(content));
  }

  private static String rest(RestartedSource source, long from) throws Exception {
    StringBuilder rest = new StringBuilder();
    long position = from;
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      assertThat(batch.position()).isEqualTo(position);
      position = batch.endPosition();
      rest.append(StandardCharsets.UTF_8.decode(batch.bytes()));
      batch.close();
    }
    return rest.toString();
  }
}
