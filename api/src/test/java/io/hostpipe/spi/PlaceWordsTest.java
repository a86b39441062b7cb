package io.hostpipe.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PlaceWordsTest {
  private static final Digest DIGEST = Digest.of(ByteBuffer.wrap(new byte[] {1, 2, 3}));

  @ParameterizedTest
  @EnumSource
  void anEncodingComesBack(Encoding encoding) {
    assertThat(PlaceWords.encoding(PlaceWords.of(encoding))).isEqualTo(encoding);
  }

  @ParameterizedTest
  @ValueSource(strings = {"orders", "a b:c/%2B+d", "订单", "\u00e9\ud83d\ude00"})
  void aStreamComesBackOutOfAWordWithoutSpacesAndColons(String name) {
    String word = PlaceWords.of(new StreamId(name));
    assertThat(word).matches("[!-~&&[^:]]+");
    assertThat(PlaceWords.stream(word)).isEqualTo(new StreamId(name));
  }

  @Test
  void aPlaceComesBackWithItsCursorAndWithoutOne() {
    for (Cursor cursor : new Cursor[] {null, Cursor.of("row 17: \u00e9")}) {
      Resume held =
          new Resume(4_000_000_000L, cursor, DIGEST, cursor == null ? 4_000_000_000L : 7, 3);
      StringBuilder text = new StringBuilder(PlaceWords.digestOf(held));
      PlaceWords.appendCursor(text, held);
      String[] words = text.toString().split(" ", -1);
      assertThat(words).hasSize(cursor == null ? 1 : 3);
      assertThat(PlaceWords.held("4000000000", words[0], "3", words, 1)).isEqualTo(held);
    }
  }

  @Test
  void whatAnybodyWroteIsToldFromAPlace() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PlaceWords.encoding("letters"))
        .withMessage("an encoding of another time: letters");
    assertThatIllegalArgumentException().isThrownBy(() -> PlaceWords.stream(""));
    assertThatIllegalArgumentException().isThrownBy(() -> PlaceWords.stream("%zz"));
    assertThatIllegalArgumentException().isThrownBy(() -> PlaceWords.digest("no digest"));
    String digest = PlaceWords.of(DIGEST);
    String[] spoilt = {"x", "!"};
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PlaceWords.held("1", digest, "0", spoilt, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PlaceWords.held("one", digest, "0", spoilt, 2));
  }

  @Test
  void aWordThatAnotherProgramHasWrittenIsNotWrittenBack() {
    StreamId stream = new StreamId("a");
    assertThat(PlaceWords.stream("%61")).isEqualTo(stream);
    assertThat(PlaceWords.of(stream)).isEqualTo("a");
    assertThat(PlaceWords.stream("a")).isEqualTo(stream);
  }
}
