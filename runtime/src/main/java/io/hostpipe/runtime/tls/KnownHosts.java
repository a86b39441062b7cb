package io.hostpipe.runtime.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys of the hosts that were dialed before, as ssh has them: a line each, {@code host:port
 * sha256:…}; empty lines and those that begin with {@code #} are comments.
 *
 * <p>A host may have several lines, while its key is being changed; each is good. Thread rule: any
 * thread; the file is read anew each time, since people edit it.
 *
 * @param file where they are kept; need not exist
 */
public record KnownHosts(Path file) {
  private static final String FILE = "known_hosts";

  /** Those of this user. */
  public static KnownHosts ofUser() {
    return new KnownHosts(HostFolder.path().resolve(FILE));
  }

  /**
   * A key that a host is known by.
   *
   * @param line where that stands, from 1
   */
  public record Known(Fingerprint fingerprint, int line) {}

  /**
   * The keys that this host and port are known by.
   *
   * @throws IOException when the file cannot be read, or its line for this host says no fingerprint
   */
  List<Known> find(String hostPort) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return List.of();
    }
    List<Known> found = new ArrayList<>();
    for (int index = 0; index < lines.size(); index++) {
      String[] words = lines.get(index).strip().split("\\s+", 3);
      if (words[0].equalsIgnoreCase(hostPort)) {
        Fingerprint fingerprint = words.length < 2 ? null : Fingerprint.parse(words[1]);
        if (fingerprint == null) {
          throw new IOException(
              file + ", line " + (index + 1) + ": behind " + hostPort + " stands no sha256:…");
        }
        found.add(new Known(fingerprint, index + 1));
      }
    }
    return found;
  }

  /** Adds a host at the end. */
  void add(String hostPort, Fingerprint fingerprint) throws IOException {
    HostFolder.make(file);
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (FileAlreadyExistsException e) {
      // As from the second host on.
    }
    HostFolder.write(file, hostPort + " " + fingerprint + "\n");
  }
}
