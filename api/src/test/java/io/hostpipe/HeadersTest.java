package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class HeadersTest {
  @Test
  void keepsOrderRepetitionsAndBytes() {
    Headers headers =
        Headers.builder()
            .add(Headers.KEY, new byte[] {0, -1})
            .add("name", "first")
            .add("name", "zweiter ✓")
            .add("empty", "")
            .build();
    assertThat(headers.names()).containsExactly(":key", "name", "name", "empty");
    assertThat(headers.value(Headers.KEY)).containsExactly(0, -1);
    assertThat(headers.text("name")).isEqualTo("first");
    assertThat(headers.text("empty")).isEmpty();
    assertThat(headers.text("none")).isNull();
    assertThat(headers.isEmpty()).isFalse();
    assertThat(headers).hasToString("Headers[:key, name, name, empty]");
  }

  @Test
  void readBackFromTheWireTheyAreEqual() {
    Headers headers = Headers.builder().add("a", "1").add(Headers.ID, "x").build();
    ByteBuffer wire = ByteBuffer.allocate(headers.lengthBytes());
    headers.writeTo(wire);
    wire.flip();
    Headers decoded = Headers.decode(wire);
    assertThat(decoded).isEqualTo(headers).hasSameHashCodeAs(headers);
    assertThat(decoded).isNotEqualTo(Headers.of("a", "1"));
    assertThat(wire.hasRemaining()).isFalse();
    assertThat(Headers.decode(wire)).isSameAs(Headers.EMPTY);
  }

  @Test
  void areImmutable() {
    byte[] value = {1};
    Headers.Builder builder = Headers.builder().add("a", value);
    Headers headers = builder.build();
    value[0] = 2;
    builder.add("b", "later");
    byte[] read = Objects.requireNonNull(headers.value("a"));
    assertThat(read).containsExactly(1);
    assertThat(headers.names()).containsExactly("a");
    read[0] = 3;
    assertThat(headers.value("a")).containsExactly(1);
    assertThat(Headers.builder().build()).isSameAs(Headers.EMPTY);
  }

  @Test
  void refuseNamesThatAreEmptyOrReserved() {
    assertThatIllegalArgumentException().isThrownBy(() -> Headers.of("", "x"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Headers.of(":mine", "x"))
        .withMessageContaining(":mine");
  }

  @Test
  void mayFillTheirLimitToTheLastByte() {
    int room = Headers.LENGTH_BYTES_MAX - 1 - "n".length() - 3;
    Headers headers = Headers.builder().add("n", new byte[room]).build();
    assertThat(headers.lengthBytes()).isEqualTo(Headers.LENGTH_BYTES_MAX);
    assertThat(headers.value("n")).hasSize(room);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Headers.builder().add("n", new byte[room + 1]))
        .withMessageContaining("" + Headers.LENGTH_BYTES_MAX);
    Headers.Builder full = Headers.builder().add("n", new byte[room - 4]);
    assertThatIllegalArgumentException().isThrownBy(() -> full.add("m", new byte[2]));
    assertThat(full.add("m", new byte[1]).build().lengthBytes())
        .isEqualTo(Headers.LENGTH_BYTES_MAX);
  }

  @Test
  void takeAnyBytesWithoutCrashing() {
    Random random = new Random(2);
    for (int round = 0; round < 200_000; round++) {
      ByteBuffer bytes = ByteBuffer.wrap(Fixtures.random(random, random.nextInt(20)));
      try {
        Headers headers = Headers.decode(bytes);
        // What is taken can be used.
        headers.names();
        headers.value("x");
      } catch (IllegalArgumentException e) {
        // The one way to say no.
      }
    }
  }
}
