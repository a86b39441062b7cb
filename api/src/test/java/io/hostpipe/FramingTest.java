package io.hostpipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FramingTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"lines", "delim:\\r\\n", "delim:aab", "delim:::", "fixed:3", "u32", "varint"})
  void everyCutOfTheInputGivesTheSameMessages(String text) throws Exception {
    Framing framing = Framing.parse(text);
    List<byte[]> messages = messages(framing);
    byte[] wire = encode(framing, messages);
    for (int first = 0; first <= wire.length; first++) {
      for (int second = first; second <= wire.length; second++) {
        assertThat(decode(framing, wire, first, second))
            .as("cut at %s and %s", first, second)
            .containsExactlyElementsOf(shown(messages));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lines", "delim:aab", "fixed:3", "u32", "varint"})
  void bytesOneByOneGiveTheSameMessages(String text) throws Exception {
    Framing framing = Framing.parse(text);
    List<byte[]> messages = messages(framing);
    byte[] wire = encode(framing, messages);
    FrameDecoder decoder = framing.decoder();
    List<String> found = new ArrayList<>();
    for (byte each : wire) {
      take(decoder, ByteBuffer.wrap(new byte[] {each}), found);
    }
    assertThat(found).containsExactlyElementsOf(shown(messages));
    assertThat(decoder.end()).isNull();
  }

  @Test
  void aLastLineWithoutALineFeedIsAMessage() throws Exception {
    FrameDecoder decoder = Framing.LINES.decoder();
    List<String> found = new ArrayList<>();
    take(decoder, bytes("one\ntwo"), found);
    ByteBuffer last = decoder.end();
    assertThat(found).containsExactly("one");
    assertThat(text(Objects.requireNonNull(last))).isEqualTo("two");
    assertThat(decoder.end()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"fixed:4", "u32", "varint"})
  void anEndInsideAMessageIsAnError(String text) throws Exception {
    FrameDecoder decoder = Framing.parse(text).decoder();
    assertThat(decoder.next(ByteBuffer.wrap(new byte[] {(byte) 0x83, 0, 0}))).isNull();
    assertThatThrownBy(decoder::end)
        .isInstanceOf(PipeException.Rejected.class)
        .hasMessageContaining("ended inside a message that begins at byte 0");
  }

  @Test
  void aLineThatNeverEndsIsCapped() {
    FrameDecoder decoder = Framing.LINES.decoder(10);
    assertThatThrownBy(
            () -> {
              for (int count = 0; count < 20; count++) {
                take(decoder, bytes("x"), new ArrayList<>());
              }
            })
        .isInstanceOf(PipeException.Rejected.class)
        .hasMessageContaining("more than 10 bytes");
    assertThat(decoder.restBytes()).isLessThanOrEqualTo(11);
  }

  @Test
  void aGiantLengthIsRefusedBeforeAnythingIsKept() {
    FrameDecoder decoder = Framing.U32.decoder();
    assertThatThrownBy(() -> decoder.next(ByteBuffer.wrap(new byte[] {-1, -1, -1, -1})))
        .isInstanceOf(PipeException.Rejected.class)
        .extracting(e -> ((PipeException) e).status())
        .isEqualTo(Status.OUT_OF_RANGE);
  }

  @Test
  void garbageIsMessagesOrAnErrorButNeverACrash() {
    Random random = new Random(42);
    for (int round = 0; round < 20_000; round++) {
      byte[] garbage = new byte[random.nextInt(40)];
      random.nextBytes(garbage);
      for (Framing framing : List.of(Framing.LINES, Framing.U32, Framing.VARINT, Framing.RAW)) {
        FrameDecoder decoder = framing.decoder(1 + random.nextInt(64));
        try {
          take(decoder, ByteBuffer.wrap(garbage), new ArrayList<>());
          decoder.end();
        } catch (PipeException e) {
          assertThat(e).isInstanceOf(PipeException.Rejected.class);
        }
      }
    }
  }

  @Test
  void aMessageThatHoldsItsDelimiterIsRefused() {
    assertThatThrownBy(() -> Framing.LINES.encode(bytes("one\ntwo"), ByteBuffer.allocate(100)))
        .isInstanceOf(PipeException.Rejected.class)
        .hasMessageContaining("lines");
  }

  @Test
  void aMessageThatEndsWithAPartOfItsDelimiterIsRefused() throws Exception {
    Framing colons = Framing.parse("delim:::");
    assertThatThrownBy(() -> colons.encode(bytes("xyz:"), ByteBuffer.allocate(100)))
        .isInstanceOf(PipeException.Rejected.class)
        .hasMessageContaining("a part of it");
  }

  @Test
  void aMessageOfAnotherLengthThanFixedIsRefused() throws Exception {
    Framing fixed = Framing.fixed(4);
    assertThatThrownBy(() -> fixed.encode(bytes("abc"), ByteBuffer.allocate(100)))
        .isInstanceOf(PipeException.Rejected.class)
        .hasMessageContaining("3 bytes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"raw", "lines", "u32", "varint", "fixed:17", "delim:\\x00\\x0a", "delim:;;"})
  void whatAFramingIsCalledIsHowItIsRead(String text) throws Exception {
    Framing framing = Framing.parse(text);
    assertThat(Framing.parse(framing.toString())).isEqualTo(framing).hasSameHashCodeAs(framing);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "line", "fixed:", "fixed:0", "fixed:x", "delim:", "delim:\\q", "delim:\\x1"})
  void whatIsNoFramingIsSaidToBeNone(String text) {
    assertThatThrownBy(() -> Framing.parse(text)).isInstanceOf(PipeException.Config.class);
  }

  private static List<byte[]> messages(Framing framing) throws PipeException {
    List<byte[]> messages = new ArrayList<>();
    List<String> texts =
        framing.equals(Framing.fixed(3))
            ? List.of("abc", "def", "   ")
            : List.of("", "a", "aa", "bba", "hello world", "", "xyz");
    texts.forEach(each -> messages.add(each.getBytes(StandardCharsets.UTF_8)));
    return messages;
  }

  private static byte[] encode(Framing framing, List<byte[]> messages) throws PipeException {
    ByteArrayOutputStream wire = new ByteArrayOutputStream();
    for (byte[] each : messages) {
      ByteBuffer out = ByteBuffer.allocate(framing.encodedLengthBytes(each.length));
      framing.encode(ByteBuffer.wrap(each), out);
      assertThat(out.hasRemaining()).isFalse();
      wire.writeBytes(out.array());
    }
    return wire.toByteArray();
  }

  private static List<String> decode(Framing framing, byte[] wire, int first, int second)
      throws PipeException {
    FrameDecoder decoder = framing.decoder();
    List<String> found = new ArrayList<>();
    take(decoder, ByteBuffer.wrap(wire, 0, first), found);
    take(decoder, ByteBuffer.wrap(wire, first, second - first), found);
    take(decoder, ByteBuffer.wrap(wire, second, wire.length - second), found);
    assertThat(decoder.end()).isNull();
    return found;
  }

  private static void take(FrameDecoder decoder, ByteBuffer in, List<String> found)
      throws PipeException {
    for (ByteBuffer message = decoder.next(in); message != null; message = decoder.next(in)) {
      found.add(text(message));
    }
    assertThat(in.hasRemaining()).isFalse();
  }

  private static List<String> shown(List<byte[]> messages) {
    return messages.stream().map(each -> new String(each, StandardCharsets.UTF_8)).toList();
  }

  private static String text(ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
