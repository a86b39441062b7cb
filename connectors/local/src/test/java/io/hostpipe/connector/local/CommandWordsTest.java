package io.hostpipe.connector.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.PipeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CommandWordsTest {
  private static final String CHARACTERS = "ab c\t'\"\\$*?~#;&|<>()é";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "tar c ./site|tar,c,./site",
        "  a   b\tc |a,b,c",
        "'a b' c|a b,c",
        "\"a b\"c|a bc",
        "a\\ b|a b",
        "'' \"\"|,",
        "'it'\\''s'|it's",
        "\"a \\\" \\\\ \\n\"|a \" \\ \\n",
        "$HOME ~ *.txt `x` ; &|$HOME,~,*.txt,`x`,;,&",
      })
  void splitsAtBlanksAndKnowsQuotesAlone(String command, String words) throws PipeException {
    assertThat(CommandWords.split(command)).containsExactly(words.split(",", -1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"'a", "\"a", "a\\", "\"a\\"})
  void refusesAHalfQuote(String command) {
    assertThatThrownBy(() -> CommandWords.split(command))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining(command);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "\n"})
  void refusesACommandWithoutAProgram(String command) {
    assertThatThrownBy(() -> CommandWords.split(command))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("names no program");
  }

  /** What a shell makes of quoted words is what we make of them. */
  @Test
  void agreesWithAShellOnQuotedWords() throws IOException, InterruptedException {
    Random random = new Random(7);
    for (int count = 0; count < 50; count++) {
      List<String> words = new ArrayList<>(List.of("printf", "%s|"));
      for (int index = random.nextInt(4); index >= 0; index--) {
        words.add(word(random));
      }
      String command =
          String.join(
              " ", words.stream().map(word -> "'" + word.replace("'", "'\\''") + "'").toList());
      assertThat(CommandWords.split(command)).isEqualTo(words);
      Process shell = new ProcessBuilder("sh", "-c", command).start();
      assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .isEqualTo(String.join("|", words.subList(2, words.size())) + "|");
      assertThat(shell.waitFor()).isZero();
    }
  }

  private static String word(Random random) {
    return String.join(
        "",
        Collections.nCopies(random.nextInt(5), "").stream()
            .map(each -> each + CHARACTERS.charAt(random.nextInt(CHARACTERS.length())))
            .toList());
  }
}
