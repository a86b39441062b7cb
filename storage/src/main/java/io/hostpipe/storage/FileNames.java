package io.hostpipe.storage;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names of files for what people, and peers, name as they like. */
public final class FileNames {
  private static final int PLAIN_CHARS_MAX = 100;
  private static final int DIGEST_BYTES = 16;

  private FileNames() {}

  /**
   * A name that no other text has: the text itself where it is short and plain, else its digest
   * behind a mark that no plain text has.
   */
  public static String of(String text) {
    return isPlain(text) ? text : "%" + digest(text);
  }

  private static boolean isPlain(String text) {
    return !text.isEmpty()
        && text.length() <= PLAIN_CHARS_MAX
        && text.charAt(0) != '.'
        && text.chars().allMatch(FileNames::isPlain);
  }

  private static boolean isPlain(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "._-#".indexOf(c) >= 0;
  }

  private static String digest(String text) {
    try {
      byte[] whole =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(whole, 0, DIGEST_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
