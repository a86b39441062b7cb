package io.hostpipe.connector.nats;

import static org.assertj.core.api.Assertions.assertThat;

import io.nats.client.impl.NatsMessage;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '|',
      value = {
        "{'stream':'ORDERS','seq':7,'domain':'hub'}; STORED",
        "{'stream':'ORDERS','seq':7,'duplicate':true}; KNOWN",
        "{'error':{'code':400,'err_code':10071},'stream':'ORDERS','seq':0}; REFUSED",
        "{'error':{'code':503,'err_code':10077}}; REFUSED",
        "||; FOREIGN",
        "heard; FOREIGN",
        "{; FOREIGN",
        "7; FOREIGN",
        "[]; FOREIGN",
        "{}; FOREIGN",
        "{'error':'no'}; FOREIGN",
        "{'error':{'code':500,'description':'no'}}; FOREIGN",
        "{'error':{'code':400,'err_code':10071},'stream':'OTHERS','seq':0}; FOREIGN",
        "{'stream':'OTHERS','seq':7,'duplicate':true}; FOREIGN",
        "{'stream':'ORDERS'}; FOREIGN",
        "{'stream':'ORDERS','seq':0}; FOREIGN",
        "{'stream':'ORDERS','seq':-1}; FOREIGN",
        "{'stream':'ORDERS','seq':'x'}; FOREIGN",
      })
  void onlyWhatTheStreamItselfWouldSayIsTakenForItsAnswer(
      String answer, PublishAnswer.Kind expected) {
    NatsMessage message =
        NatsMessage.builder().subject("answers").data(answer.replace('\'', '"')).build();
    assertThat(new PublishAnswer(message).kind("ORDERS")).isEqualTo(expected);
  }

  private static long sequence(String answer) {
    return Confirmations.plainSequence(
        answer.getBytes(StandardCharsets.UTF_8), Confirmations.beginning("ORDERS"));
  }
}
