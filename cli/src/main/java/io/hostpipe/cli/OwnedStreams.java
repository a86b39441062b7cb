package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Holdings;
import io.hostpipe.storage.RealDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a receiver holds, and whose it is: the latter in a file with a line for each stream, which
 * is read by the next process that holds the same.
 *
 * <p>A line is written before anything of its stream is kept, and only once. One that was torn by a
 * loss of power is no line; nothing of its stream was kept either. The file, and what is known of
 * it, are bounded: of streams of which nothing is held, those that came last are remembered, since
 * something may yet be kept of them. Thread rule: any thread.
 */
final class OwnedStreams implements Holdings {
  /** So many streams are remembered of which nothing is held. */
  private static final int NEWEST_COUNT = 16_384;

  private final Holdings held;
  private final Path file;
  private final int newestCount;
  private final ReentrantLock lock = new ReentrantLock();

  // Under the lock.
  private @Nullable SequencedMap<String, String> owners;
  private boolean torn;

  /** From so many on, those are looked for that need not be remembered. */
  private int manyCount;

  OwnedStreams(Holdings held, Path file) {
    this(held, file, NEWEST_COUNT);
  }

  OwnedStreams(Holdings held, Path file, int newestCount) {
    this.held = held;
    this.file = file;
    this.newestCount = newestCount;
    this.manyCount = 2 * newestCount;
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
        append(line(stream.value(), principal));
        forgetSome();
      }
    } catch (IOException e) {
      known(stream).remove(stream.value());
      throw broken(stream, e);
    } finally {
      lock.unlock();
    }
  }

  private void forgetSome() throws IOException {
    SequencedMap<String, String> all = known();
    if (all.size() >= manyCount) {
      try {
        forgetSome(all);
      } catch (IOException e) {
        manyCount += newestCount; // nothing is lost by remembering more
      }
    }
  }

  /** Keeps the newest, and those of which something is held. */
  private void forgetSome(SequencedMap<String, String> all) throws IOException {
    Set<String> needed = new HashSet<>();
    held.heldStreams().forEach(each -> needed.add(each.value()));
    SequencedMap<String, String> kept = new LinkedHashMap<>();
    StringBuilder lines = new StringBuilder();
    int older = all.size() - newestCount;
    for (Map.Entry<String, String> each : all.entrySet()) {
      if (older-- <= 0 || needed.contains(each.getKey())) {
        kept.put(each.getKey(), each.getValue());
        lines.append(line(each.getKey(), each.getValue()));
      }
    }
    manyCount = kept.size() + newestCount;
    if (kept.size() < all.size()) {
      Path fresh = file.resolveSibling(file.getFileName() + ".new");
      Files.deleteIfExists(fresh);
      write(fresh, lines.toString());
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      torn = false;
      RealDisk.INSTANCE.syncFolder(Objects.requireNonNull(file.toAbsolutePath().getParent()));
      owners = kept;
    }
  }

  private Map<String, String> known(StreamId stream) throws PipeException {
    try {
      return known();
    } catch (IOException e) {
      throw broken(stream, e);
    }
  }

  private SequencedMap<String, String> known() throws IOException {
    SequencedMap<String, String> read = owners;
    if (read == null) {
      read = new LinkedHashMap<>();
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
    write(file, torn ? "\n" + line : line);
    torn = false;
  }

  /** Behind what the file has; lasting when it returns. */
  private static void write(Path to, String lines) throws IOException {
    var rights = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    Set<StandardOpenOption> options =
        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    try (FileChannel channel = FileChannel.open(to, options, rights)) {
      ByteBuffer bytes = ByteBuffer.wrap(lines.getBytes(StandardCharsets.US_ASCII));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }

  private PipeException broken(StreamId stream, IOException e) {
    return new PipeException.Refused(
        Status.UNAVAILABLE,
        "whose stream " + stream + " is cannot be read or kept in " + file + ": " + e);
  }

  private static String line(String stream, String principal) {
    return coded(stream) + " " + coded(principal) + "\n";
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
