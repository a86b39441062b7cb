package io.hostpipe.cli;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Words that stand for an address: written out, or kept elsewhere as {@code env:NAME} or
 * {@code @FILE} because they hold a secret. What they hold is never shown.
 */
final class AddressWords {
  /** A file named by {@code @FILE} holds one address; anything longer is another file. */
  private static final int FILE_BYTES_MAX = 64 << 10;

  private static final String ENVIRONMENT = "env:";

  /** What stands before a colon in an address. */
  private static final Pattern SCHEME_BEFORE = Pattern.compile("[a-z][a-z0-9+-]*:");

  private AddressWords() {}

  /** Whether this word has the shape of an address. */
  static boolean looksLikeOne(String word) {
    return isElsewhere(word) || Address.looksLikeOne(word);
  }

  /** Reads the address that a word stands for. */
  static Address read(String word, Console console) throws PipeException {
    if (!isElsewhere(word)) {
      return Address.parse(word);
    }
    String text = word.startsWith("@") ? fromFile(word) : fromEnvironment(word, console);
    if (!Address.looksLikeOne(text)) {
      throw new PipeException.Config(
          word + " does not hold an address (-, ./path, /path or scheme://host:port/name)");
    }
    try {
      return Address.parse(text);
    } catch (PipeException e) {
      // The message may quote what it could not read, and that is a secret here.
      throw new PipeException.Config(
          word + " holds an address that cannot be read; 'hostpipe addresses' shows the forms");
    }
  }

  /** A word as it may be shown: without what could be a password or the value of an option. */
  static String shown(String word) {
    int equals = word.indexOf('=');
    int colon = word.indexOf(':');
    if (equals >= 0) {
      return "'" + word.substring(0, equals) + "=…'";
    }
    if (word.indexOf('@') >= 0 && colon >= 0) {
      return "'" + word.substring(0, colon) + ":…'";
    }
    return "'" + word + "'";
  }

  /** What a word that is no address was perhaps meant to be; empty when nothing suggests itself. */
  static String hint(String word) {
    if (word.indexOf('=') >= 0 || word.indexOf('@') >= 0) {
      return "";
    }
    int colon = word.lastIndexOf(':');
    if (colon > 0 && isPort(word, colon + 1)) {
      return "; a peer is written tcp://" + word + "/name";
    }
    if (SCHEME_BEFORE.matcher(word).lookingAt()) {
      return "; an address is written SCHEME://…, as 'hostpipe addresses' lists them, and a file"
          + " ./"
          + word;
    }
    if (word.indexOf('/') >= 0 || word.indexOf('.') >= 0 || Files.exists(Path.of(word))) {
      return "; a file is written ./" + word;
    }
    return "";
  }

  private static boolean isPort(String word, int from) {
    for (int index = from; index < word.length(); index++) {
      if (word.charAt(index) < '0' || word.charAt(index) > '9') {
        return false;
      }
    }
    return from < word.length();
  }

  private static boolean isElsewhere(String word) {
    return word.startsWith(ENVIRONMENT) || word.startsWith("@");
  }

  private static String fromEnvironment(String word, Console console) throws PipeException {
    String name = word.substring(ENVIRONMENT.length());
    String value = name.isEmpty() ? null : console.environment(name);
    if (value == null) {
      throw new PipeException.Config(
          "the environment has no variable '" + name + "' for the address " + word);
    }
    return value.trim();
  }

  private static String fromFile(String word) throws PipeException {
    Path file = Path.of(word.substring(1));
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(FILE_BYTES_MAX + 1);
    } catch (NoSuchFileException e) {
      throw new PipeException.Config("there is no file " + file + " for the address " + word);
    } catch (IOException e) {
      throw new PipeException.Config(
          "the file of the address " + word + " cannot be read: " + e.getMessage());
    }
    String text = new String(bytes, StandardCharsets.UTF_8).trim();
    if (bytes.length > FILE_BYTES_MAX || text.indexOf('\n') >= 0) {
      throw new PipeException.Config(file + " holds more than one address on one line");
    }
    return text;
  }
}
