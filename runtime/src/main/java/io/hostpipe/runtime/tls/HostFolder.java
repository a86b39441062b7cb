package io.hostpipe.runtime.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The folder where this user keeps what makes this host known and whom it knows: {@code hostpipe}
 * in {@code $XDG_CONFIG_HOME}, or in {@code ~/.config}. For its own user alone.
 */
final class HostFolder {
  private HostFolder() {}

  static Path path() {
    String config = System.getenv("XDG_CONFIG_HOME");
    Path home =
        config == null || config.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".config")
            : Path.of(config);
    return home.resolve("hostpipe");
  }

  /** The folder of a file, which is made, with those it stands in, where it is missing. */
  static Path make(Path file) throws IOException {
    Path whole = file.toAbsolutePath();
    Path parent = whole.getParent();
    Path folder = parent == null ? whole : parent;
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    return folder;
  }

  /**
   * Makes a file with this text, for its own user alone, whole from its first moment. Where another
   * process was first, its file stays.
   */
  static void create(Path file, String text) throws IOException {
    Path fresh =
        Files.createTempFile(
            make(file),
            file.getFileName().toString(),
            ".new",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      write(fresh, text);
      Files.createLink(file, fresh);
    } catch (FileAlreadyExistsException e) {
      // Another process was first, and its file is whole: it got its name as this one would have.
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /** Writes a text behind what a file holds, and has it on the disk when this returns. */
  static void write(Path file, String text) throws IOException {
    try (FileChannel out = FileChannel.open(file, StandardOpenOption.APPEND)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
  }
}
