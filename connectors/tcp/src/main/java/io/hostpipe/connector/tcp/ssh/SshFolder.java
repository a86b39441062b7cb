package io.hostpipe.connector.tcp.ssh;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;

/**
 * Where a hostpipe that ssh has started finds the one that waits for its pipe: a socket for each
 * name, in a folder that only their user may enter.
 *
 * <p>It is below the home and not where the environment says, because whoever waits was started by
 * a service, and whoever comes by ssh: they do not share one.
 */
final class SshFolder {
  private static final Path BELOW_HOME = Path.of(".local", "state", "hostpipe", "ssh");

  /** A socket's path is short; what is longer, or no good name for a file, is hashed. */
  private static final int NAME_LENGTH_MAX = 24;

  private static final int HASH_BYTES = 12;

  private SshFolder() {}

  /**
   * The socket of this name; its folder is made.
   *
   * @param shown the address for messages
   */
  static Path socket(String name, String shown) throws PipeException {
    Path folder = Path.of(System.getProperty("user.home")).resolve(BELOW_HOME);
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      check(folder, shown);
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          shown + ": the folder " + folder + " cannot be made: " + e,
          e);
    }
    return folder.resolve(fileName(name));
  }

  private static void check(Path folder, String shown) throws IOException {
    PosixFileAttributes attributes =
        Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    Set<PosixFilePermission> rights = attributes.permissions();
    if (!attributes.isDirectory()
        || rights.contains(PosixFilePermission.GROUP_WRITE)
        || rights.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new PipeException.Refused(
          Status.PERMISSION_DENIED,
          shown
              + ": others may write to "
              + folder
              + ", so whoever waits there may be anybody; run: chmod 700 "
              + folder);
    }
  }

  static String fileName(String name) {
    if (name.length() <= NAME_LENGTH_MAX && name.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) {
      return name + ".n";
    }
    return hash(name) + ".h";
  }

  /** A short name of this text that no other text has. */
  static String hash(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, HASH_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
