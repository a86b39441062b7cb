package io.hostpipe.connector.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.rabbitmq.client.AMQP.BasicProperties;
import io.hostpipe.Address;
import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** Chunks, messages and addresses as no program should write them. */
final class StreamFormsTest {
  private static final int PACKED_BY_GZIP = 0x90;

  @Test
  void aFewBytesThatUnpackToVeryManyAreRefused() throws Exception {
    int half = 40 << 20;
    ByteBuffer once = packed(message(half), 1, 4 + half);
    ByteBuffer twice = ByteBuffer.allocate(2 * once.remaining());
    twice.put(once.duplicate()).put(once).flip();
    assertThatExceptionOfType(PipeException.Refused.class)
        .isThrownBy(() -> new StreamChunk(7, 2, 0, 2, twice, true).messages("here"))
        .withMessageContaining("from offset 7 on are packed, and more than 64 MiB")
        .satisfies(e -> assertThat(e.status()).isEqualTo(Status.OUT_OF_RANGE));
  }

  @Test
  void messagesThatWerePackedAreRead() throws Exception {
    StreamChunk chunk = new StreamChunk(7, 1, 5, 1, packed(message(3), 1, 7), true);
    assertThat(chunk.messages("here"))
        .containsExactly(new StreamChunk.Message(7, 5, ByteBuffer.allocate(3)));
  }

  @Test
  void packedMessagesArePassedOverAndCounted() throws Exception {
    ByteBuffer packed = packed(new byte[8], 2, 8);
    ByteBuffer all = ByteBuffer.allocate(packed.remaining() + 7);
    all.put(packed).put(message(3)).flip();
    assertThat(new StreamChunk(7, 3, 5, 2, all, true).messagesNotPacked("here"))
        .containsExactly(new StreamChunk.Message(9, 5, ByteBuffer.allocate(3)));
  }

  @Test
  void aLossIsBelievedWhenItWasFoundOftenAndForLong() {
    Suspicion suspicion = new Suspicion();
    List<Long> one = List.of(4L, 9L);
    for (int second = 0; second < 30; second++) {
      assertThat(suspicion.lasts(one, TimeUnit.SECONDS.toNanos(second))).isFalse();
    }
    assertThat(suspicion.lasts(one, TimeUnit.SECONDS.toNanos(30))).isTrue();
    List<Long> other = List.of(5L, 9L);
    for (int second = 40; second < 200; second += 40) {
      assertThat(suspicion.lasts(other, TimeUnit.SECONDS.toNanos(second))).isFalse();
    }
    assertThat(suspicion.lasts(other, TimeUnit.SECONDS.toNanos(200))).isTrue();
  }

  @Test
  void moreMessagesThanAChunkHasAreNotMadeOfIt() throws Exception {
    ByteBuffer none = ByteBuffer.allocate(4 * 60_000);
    assertThatExceptionOfType(PipeException.DataLoss.class)
        .isThrownBy(() ->
            new StreamChunk(7, 3, 0, 1, packed(none.array(), 60_000, none.capacity()), true)
                .messages("here"))
        .withMessageContaining("cannot be told apart");
  }

  @Test
  void valuesWithinValuesHaveAnEnd() {
    byte[] described = new byte[100_000];
    assertThatIllegalArgumentException().isThrownBy(() -> Amqp10.value(ByteBuffer.wrap(described)));
    assertThatIllegalArgumentException().isThrownBy(() -> Amqp10.value(arrays(10_000)));
    assertThat(Amqp10.value(arrays(3))).isEqualTo(List.of(List.of(List.of())));
  }

  @Test
  void headersThatAreNotOfOurMakingAreReadAsTheyStand() throws Exception {
    List<Object> list = new ArrayList<>();
    list.add("name");
    list.add(null);
    BasicProperties properties =
        new BasicProperties.Builder()
            .headers(Map.of(AmqpHeaders.EXACT, list, "colour", "grün"))
            .build();
    assertThat(AmqpHeaders.read(properties, "")).isEqualTo(colour());
    for (byte[] kept : List.of(new byte[] {Amqp10.NULL}, new byte[] {(byte) 0xD0, 1})) {
      byte[] inside =
          new Amqp10Writer()
              .value(AmqpHeaders.EXACT)
              .value(kept)
              .value("colour")
              .value("grün")
              .toBytes();
      byte[] bytes = new Amqp10Writer().section(0x74).compound(Amqp10.MAP_32, 4, inside).toBytes();
      StreamChunk.Message message = new StreamChunk.Message(0, 0, ByteBuffer.wrap(bytes));
      assertThat(StreamMessage.read("here", message).headers()).isEqualTo(colour());
    }
  }

  @Test
  void aPortThatThereIsNotIsNoAddress() {
    for (String port : List.of("0", "65536", "70000", "99999")) {
      assertThatExceptionOfType(PipeException.Config.class)
          .isThrownBy(() ->
              StreamOptions.of(
                  Address.parse("rabbitmq-stream://one/orders?server=two:" + port), true))
          .withMessageContaining("a port is a number from 1 to 65535, not '" + port + "'");
    }
  }

  private static Headers colour() {
    return Headers.builder().add("colour", "grün").build();
  }

  /** A message of so many bytes as it lies in a chunk. */
  private static byte[] message(int lengthBytes) {
    return ByteBuffer.allocate(4 + lengthBytes).putInt(lengthBytes).array();
  }

  /** An entry of a chunk that holds so many messages. */
  private static ByteBuffer packed(byte[] plain, int count, int plainBytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream packing = new GZIPOutputStream(out)) {
      packing.write(plain);
    }
    return ByteBuffer.allocate(11 + out.size())
        .put((byte) PACKED_BY_GZIP)
        .putShort((short) count)
        .putInt(plainBytes)
        .putInt(out.size())
        .put(out.toByteArray())
        .flip();
  }

  /** An array within an array, so many; the innermost is empty. */
  private static ByteBuffer arrays(int depth) {
    ByteBuffer out = ByteBuffer.allocate(1 + 9 * depth);
    out.put((byte) 0xF0);
    for (int level = 1; level <= depth; level++) {
      int withinBytes = 5 + 9 * (depth - level);
      out.putInt(withinBytes);
      out.putInt(level < depth ? 1 : 0).put(level < depth ? (byte) 0xF0 : (byte) 0x50);
    }
    return out.flip();
  }
}
