package io.hostpipe.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hostpipe.PipeException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FramesTest {
  static final List<String> MESSAGES = List.of("Hello Remote", "", "你好", "x".repeat(300));

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7, 16, 1_000})
  void messagesKeepTheirBordersHoweverTheBytesAreCut(int pieceBytes) throws Exception {
    Frames frames = new Frames();
    List<String> received = new ArrayList<>();
    for (byte[] piece : pieces(encoded(), pieceBytes)) {
      frames.decode(piece).forEach(message -> received.add(new String(message, UTF_8)));
    }
    frames.end();
    assertThat(received).isEqualTo(MESSAGES);
  }

  @Test
  void theArticlesFramesAreOurs() throws Exception {
    assertThat(Frames.encode("Hello".getBytes(UTF_8)))
        .containsExactly(0, 0, 0, 5, 'H', 'e', 'l', 'l', 'o');
  }

  @Test
  void anEndInTheMiddleOfAMessageIsAnError() throws Exception {
    Frames frames = new Frames();
    frames.decode(Arrays.copyOf(encoded(), 10));
    assertThatExceptionOfType(PipeException.Rejected.class).isThrownBy(frames::end);
  }

  static byte[] encoded() throws PipeException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (String message : MESSAGES) {
      all.writeBytes(Frames.encode(message.getBytes(UTF_8)));
    }
    return all.toByteArray();
  }

  static List<byte[]> pieces(byte[] all, int pieceBytes) {
    List<byte[]> pieces = new ArrayList<>();
    for (int from = 0; from < all.length; from += pieceBytes) {
      pieces.add(Arrays.copyOfRange(all, from, Math.min(all.length, from + pieceBytes)));
    }
    return pieces;
  }
}
