package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes a command apart into words: at blanks, with {@code '…'}, {@code "…"} and a backslash as in
 * a shell, and nothing else of a shell: no variables, no patterns, no redirections.
 *
 * <p>Inside of single quotes everything is itself; inside of double quotes a backslash makes a
 * double quote or a backslash itself, and stays before anything else.
 */
final class CommandWords {
  private final String text;
  private final List<String> words = new ArrayList<>();
  private final StringBuilder word = new StringBuilder();
  private boolean inWord;
  private int index;

  private CommandWords(String text) {
    this.text = text;
  }

  /**
   * The words of the command, at least one.
   *
   * @throws PipeException Config for a quote without its other half
   */
  static List<String> split(String command) throws PipeException {
    return new CommandWords(command).split();
  }

  private List<String> split() throws PipeException {
    while (index < text.length()) {
      char c = text.charAt(index++);
      switch (c) {
        case ' ', '\t', '\n', '\r' -> endWord();
        case '\'' -> singleQuoted();
        case '"' -> doubleQuoted();
        case '\\' -> append(next("a backslash"));
        default -> append(c);
      }
    }
    endWord();
    if (words.isEmpty()) {
      throw new PipeException.Config("'" + text + "' names no program");
    }
    return words;
  }

  private void singleQuoted() throws PipeException {
    inWord = true;
    int end = text.indexOf('\'', index);
    if (end < 0) {
      throw unclosed("'");
    }
    word.append(text, index, end);
    index = end + 1;
  }

  private void doubleQuoted() throws PipeException {
    inWord = true;
    while (index < text.length()) {
      char c = text.charAt(index++);
      if (c == '"') {
        return;
      }
      if (c == '\\') {
        char quoted = next("a backslash");
        if (quoted != '"' && quoted != '\\') {
          word.append(c);
        }
        word.append(quoted);
      } else {
        word.append(c);
      }
    }
    throw unclosed("\"");
  }

  private char next(String what) throws PipeException {
    if (index == text.length()) {
      throw new PipeException.Config(what + " stands at the end of the command: " + text);
    }
    return text.charAt(index++);
  }

  private void append(char c) {
    inWord = true;
    word.append(c);
  }

  private void endWord() {
    if (inWord) {
      words.add(word.toString());
      word.setLength(0);
      inWord = false;
    }
  }

  private PipeException unclosed(String quote) {
    return new PipeException.Config("a " + quote + " is not closed in the command: " + text);
  }
}
