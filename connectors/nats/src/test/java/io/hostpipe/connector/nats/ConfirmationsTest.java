package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers to published messages that are read where they lie, and those that are not. */
final class ConfirmationsTest {
  @Test
  void anAnswerOfAStreamAndANumberIsReadAsThatNumber() {
    assertThat(sequence("{\"stream\":\"ORDERS\", \"seq\":1}")).isEqualTo(1);
    assertThat(sequence("{\"stream\":\"ORDERS\",\"seq\":90071992547409930}"))
        .isEqualTo(90_071_992_547_409_930L);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "{\"stream\":\"",
        "{\"stream\":\"ORDERS\"",
        "{\"stream\":\"ORDERS\", \"seq\":}",
        "{\"stream\":\"ORDERS\", \"seq\":12",
        "{\"stream\":\"ORDERS\", \"seq\":1.5}",
        "{\"stream\":\"ORDERS\", \"seq\":-1}",
        "{\"stream\":\"ORDERS\", \"seq\":1000000000000000000000}",
        "{\"stream\":\"ORDERS\", \"seq\":1,\"duplicate\": true}",
        "{\"stream\":\"ORDERS\", \"domain\":\"hub\", \"seq\":1}",
        "{\"stream\":\"OTHERS\", \"seq\":1}",
        "{\"stream\":\"ORDER\", \"seq\":1}",
        "{\"error\":{\"code\":400,\"err_code\":10071},\"stream\":\"ORDERS\",\"seq\":0}",
      })
  void everyOtherAnswerIsLeftToTheLibrary(String answer) {
    assertThat(sequence(answer)).isZero();
  }

  private static long sequence(String answer) {
    return Confirmations.plainSequence(
        answer.getBytes(StandardCharsets.UTF_8), Confirmations.beginning("ORDERS"));
  }
}
