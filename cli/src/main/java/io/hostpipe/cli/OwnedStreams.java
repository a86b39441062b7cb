package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Holdings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a receiver holds, and whose it is: the latter in a file with a line for each stream, which
 * is read by the next process that holds the same.
 *
 * <p>A line is written before anything of its stream is kept, and only once. One that was torn by a
 * loss of power is no line; nothing of its stream was kept either. Thread rule: any thread.
 */
final class OwnedStreams implements Holdings {
  private final Holdings held;
  private final Path file;
  private final ReentrantLock lock = new ReentrantLock();

  // Under the lock.
  private @Nullable Map<String, String> owners;
  private boolean torn;

  OwnedStreams(Holdings held, Path file) {
    this.held = held;
    this.file = file;
  }

  @Override
  public @Nullable Resume held(StreamId stream) throws PipeException {
    return held.held(stream);
  }

  @Override
  public List<StreamId> heldStreams() throws PipeException {
    return held.heldStreams();
  }

  @Override
  public @Nullable String owner(StreamId stream) throws PipeException {
    lock.lock();
    try {
      return known().get(stream.value());
    } catch (IOException e) {
      throw broken(stream, e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void own(StreamId stream, String principal) throws PipeException {
    lock.lock();
    try {
      if (known().putIfAbsent(stream.value(), principal) == null) {
        append(coded(stream.value()) + " " + coded(principal) + "\n");
      }
    } catch (IOException e) {
      known(stream).remove(stream.value());
      throw broken(stream, e);
    } finally {
      lock.unlock();
    }
  }

  private Map<String, String> known(StreamId stream) throws PipeException {
    try {
      return known();
    } catch (IOException e) {
      throw broken(stream, e);
    }
  }

  private Map<String, String> known() throws IOException {
    Map<String, String> read = owners;
    if (read == null) {
      read = new HashMap<>();
      String text = text();
      torn = !text.isEmpty() && !text.endsWith("\n");
      for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n", -1)) {
        int space = line.indexOf(' ');
        if (space > 0) {
          read.putIfAbsent(plain(line.substring(0, space)), plain(line.substring(space + 1)));
        }
      }
      owners = read;
    }
    return read;
  }

  private String text() throws IOException {
    try {
      return Files.readString(file, StandardCharsets.US_ASCII);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  private void append(String line) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    var rights = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    Set<StandardOpenOption> options =
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    try (FileChannel channel = FileChannel.open(file, options, rights)) {
      String whole = torn ? "\n" + line : line;
      ByteBuffer bytes = ByteBuffer.wrap(whole.getBytes(StandardCharsets.US_ASCII));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
      torn = false;
    }
  }

  private PipeException broken(StreamId stream, IOException e) {
    return new PipeException.Refused(
        Status.UNAVAILABLE,
        "whose stream " + stream + " is cannot be read or kept in " + file + ": " + e);
  }

  private static String coded(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String plain(String coded) throws IOException {
    try {
      return new String(Base64.getUrlDecoder().decode(coded), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IOException("a line that is none", e);
    }
  }
}
