package io.hostpipe.runtime.socket;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The file of a unix socket that this process listens on: made so that nobody else can connect to
 * it even for a moment, and removed with it.
 *
 * <p>Binding makes a file with the rights of the umask, and gives no chance to change them before
 * the first connection. So the socket is bound in a folder that its owner alone may enter, gets its
 * rights there, and is then linked to its path, which fails where something is. What is found there
 * is never just removed, either: two processes that both find a stale file would remove each
 * other's fresh one. It is moved into the folder, where it cannot change hands any more, and looked
 * at: a socket that answers goes back.
 */
final class UnixSocketFile implements AutoCloseable {
  /** What the system's address of a socket has room for, without the zero at its end. */
  static final int PATH_BYTES_MAX = 107;

  private static final String FOLDER_PREFIX = ".hp";
  private static final int FOLDER_TRIES_MAX = 100;

  /** How often a path is found taken, and free again when it is looked at. */
  private static final int PLACE_TRIES_MAX = 10;

  private static final int FOLDER_NUMBER_BOUND = 1_000_000;

  /** What the longest name in the folder has more than the path of the folder's own folder. */
  private static final int IN_FOLDER_BYTES = "/.hp999999/s".length();

  private static final String FRESH = "s";
  private static final String FOUND = "o";

  private final Path path;
  private final ServerSocketChannel channel;
  private final Object identity;

  private UnixSocketFile(Path path, ServerSocketChannel channel, Object identity) {
    this.path = path;
    this.channel = channel;
    this.identity = identity;
  }

  static UnixSocketFile create(Path path, int queueLength, String shown) throws PipeException {
    checkLength(path, shown);
    try {
      Path folder = folder(path);
      try {
        return createIn(folder, path, queueLength, shown);
      } finally {
        Files.deleteIfExists(folder.resolve(FRESH));
        Files.deleteIfExists(folder.resolve(FOUND));
        Files.deleteIfExists(folder);
      }
    } catch (PipeException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw new PipeException.Config(
          Status.NOT_FOUND, shown + ": there is no folder " + path.toAbsolutePath().getParent());
    } catch (AccessDeniedException e) {
      throw new PipeException.Refused(
          Status.PERMISSION_DENIED,
          shown + ": this user may not make files in " + path.toAbsolutePath().getParent(),
          e);
    } catch (IOException e) {
      throw new PipeException.Refused(
          Status.UNAVAILABLE, shown + ": cannot listen there: " + e.getMessage(), e);
    }
  }

  static String check(Path path, String shown) throws PipeException {
    checkLength(path, shown);
    Path parent = Objects.requireNonNull(path.toAbsolutePath().getParent());
    if (!Files.isWritable(parent)) {
      throw new PipeException.Refused(
          Status.PERMISSION_DENIED, shown + ": this user may not make files in " + parent);
    }
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return "can listen at " + path;
    }
    try {
      checkStale(path, path, shown);
    } catch (IOException e) {
      throw new PipeException.Refused(
          Status.UNAVAILABLE, shown + ": cannot be looked at: " + e.getMessage(), e);
    }
    return "can listen at " + path + ", where a dead process left its socket";
  }

  Path path() {
    return path;
  }

  ServerSocketChannel channel() {
    return channel;
  }

  /** Stops listening and removes the file, unless another one is there by now. */
  @Override
  public void close() {
    try {
      channel.close();
      if (identity.equals(identity(path))) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      // What stays behind is a stale file, which the next listener replaces.
    }
  }

  private static UnixSocketFile createIn(Path folder, Path path, int queueLength, String shown)
      throws IOException {
    Path fresh = folder.resolve(FRESH);
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(UnixDomainSocketAddress.of(fresh), queueLength);
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
      Object identity = Objects.requireNonNull(identity(fresh));
      putInPlace(folder, fresh, path, shown);
      return new UnixSocketFile(path, channel, identity);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static void putInPlace(Path folder, Path fresh, Path path, String shown)
      throws IOException {
    for (int tries = 0; tries < PLACE_TRIES_MAX; tries++) {
      try {
        Files.createLink(path, fresh);
        return;
      } catch (FileAlreadyExistsException e) {
        takeAwayStale(folder, path, shown);
      }
    }
    throw taken(shown);
  }

  /** Returns when what was there is gone, by this process or by another. */
  private static void takeAwayStale(Path folder, Path path, String shown) throws IOException {
    Path found = folder.resolve(FOUND);
    try {
      checkStale(path, path, shown);
      Files.move(path, found, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      return; // Somebody else has taken it away.
    }
    try {
      checkStale(found, path, shown);
    } catch (IOException e) {
      Files.createLink(path, found);
      throw e;
    }
  }

  /**
   * Returns when this is a socket that nobody listens on.
   *
   * @param file where it is now
   * @param path its name for messages
   */
  private static void checkStale(Path file, Path path, String shown) throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isOther()) {
      throw new PipeException.Refused(
          Status.ALREADY_EXISTS,
          shown + ": " + path + " is there and is no socket; it is left alone. Take another path");
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      // Whoever listens may have a full queue, and nobody is to wait in it.
      probe.configureBlocking(false);
      probe.connect(UnixDomainSocketAddress.of(file));
      throw taken(shown);
    } catch (ConnectException e) {
      // Refused: nobody listens any more.
    } catch (SocketException e) {
      throw taken(shown + ": " + e.getMessage());
    }
  }

  private static PipeException taken(String shown) {
    return new PipeException.Refused(
        Status.ALREADY_EXISTS,
        shown + ": another process listens there; take another path, or end it");
  }

  /** A new folder beside the path. Its name is short, because the socket's path has to be. */
  private static Path folder(Path path) throws IOException {
    Path parent = path.getParent() == null ? Path.of("") : path.getParent();
    var rights = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    for (int tries = 1; ; tries++) {
      int number = ThreadLocalRandom.current().nextInt(FOLDER_NUMBER_BOUND);
      try {
        return Files.createDirectory(parent.resolve(FOLDER_PREFIX + number), rights);
      } catch (FileAlreadyExistsException e) {
        if (tries == FOLDER_TRIES_MAX) {
          throw e;
        }
      }
    }
  }

  private static void checkLength(Path path, String shown) throws PipeException {
    Path parent = path.getParent();
    int parentBytes = parent == null ? 0 : lengthBytes(parent);
    int lengthBytes = Math.max(lengthBytes(path), parentBytes + IN_FOLDER_BYTES);
    if (lengthBytes > PATH_BYTES_MAX) {
      throw new PipeException.Config(
          shown
              + ": the path of a socket has at most "
              + PATH_BYTES_MAX
              + " bytes, this one needs "
              + lengthBytes);
    }
  }

  private static int lengthBytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8).length;
  }

  private static @Nullable Object identity(Path file) throws IOException {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (NoSuchFileException e) {
      return null;
    }
  }
}
