package io.hostpipe.connector.local;

import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Sink;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.Target;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.storage.Slot;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A folder with a file for each stream, named after the stream.
 *
 * <p>While a stream comes its file has the suffix {@value #PART}; the name without it appears with
 * the last byte on the device, so whoever looks into the folder sees whole streams only. What a
 * stream left behind that ended before its end keeps the suffix. No name leads out of the folder:
 * what is not a letter, a digit, {@code .}, {@code _} or {@code -} is written as {@code %XX}.
 *
 * <p>Thread rule: any thread.
 */
final class FolderTarget implements Target {
  /** What stands behind the name of a file that is not whole. */
  static final String PART = ".part";

  /** Longer names than file systems take, less the suffix. */
  private static final int NAME_LENGTH_MAX = 240;

  /** How the streams of files are called: by their absolute paths. */
  private static final Pattern LOCAL_FILE = Pattern.compile("(?:file|tail):/(?:.*/)?([^/]+)");

  /**
   * Of a sum, as many as make two files of one name and one sum a matter of a million such files.
   */
  private static final int SUM_DIGITS = 10;

  private final Path folder;
  private final PipeContext context;
  private final boolean overwrite;

  /** Null where nothing is remembered. */
  private final @Nullable FolderSlots slots;

  private final ReentrantLock lock = new ReentrantLock();

  /** A stream was opened, or will not be. */
  private final Condition entered = lock.newCondition();

  /** Under the lock; a stream whose file is being looked at has null. */
  private final Map<StreamId, @Nullable FolderSink> open = new HashMap<>();

  private boolean closed;

  private FolderTarget(
      Path folder, PipeContext context, boolean overwrite, @Nullable FolderSlots slots) {
    this.folder = folder;
    this.context = context;
    this.overwrite = overwrite;
    this.slots = slots;
  }

  /**
   * A target over a folder that is there and may be written.
   *
   * @param keeps whether it is remembered what each file has of its stream
   */
  static FolderTarget open(Path folder, PipeContext context, boolean overwrite, boolean keeps)
      throws PipeException {
    check(folder);
    try {
      FolderSlots slots = keeps ? FolderSlots.open(folder) : null;
      return new FolderTarget(folder, context, overwrite, slots);
    } catch (IOException e) {
      throw IoErrors.opening(folder, e);
    }
  }

  /** Refuses a folder that is not there or not ours to write into. */
  static void check(Path folder) throws PipeException {
    if (!Files.isDirectory(folder)) {
      throw new PipeException.Config(
          Status.NOT_FOUND, folder + " is not a directory; make it first, or name a file");
    }
    if (!Files.isWritable(folder)) {
      throw new PipeException.Refused(
          Status.PERMISSION_DENIED, folder + " may not be written by this user");
    }
  }

  @Override
  public boolean manyAtOnce() {
    return true;
  }

  /** What is lasting of a stream; of one that is being written, its sink answers. */
  @Override
  public @Nullable Resume held(StreamId stream) throws PipeException {
    FolderSlots known = slots;
    if (known == null) {
      return null;
    }
    FolderSink writing = reserve(stream);
    if (writing != null) {
      return writing.held();
    }
    String name = nameOf(stream);
    try {
      Slot slot = known.find(stream, name, folder.resolve(name + PART));
      Slot found = slot == null ? known.find(stream, name, folder.resolve(name)) : slot;
      return found == null ? null : found.held();
    } catch (IOException e) {
      throw IoErrors.opening(folder.resolve(name), e);
    } finally {
      var _ = enter(stream, null);
    }
  }

  @Override
  public List<StreamId> heldStreams() throws PipeException {
    try {
      return slots == null ? List.of() : slots.streams();
    } catch (IOException e) {
      throw IoErrors.opening(folder, e);
    }
  }

  @Override
  public Sink open(StreamId stream, Encoding encoding) throws PipeException, InterruptedException {
    if (reserve(stream) != null) {
      throw new PipeException.Refused(
          Status.ALREADY_EXISTS, folder + ": the stream " + stream + " is being written already");
    }
    FolderSink sink = null;
    try {
      sink = openFile(stream, encoding);
    } finally {
      if (!enter(stream, sink) && sink != null) {
        sink.close();
      }
    }
    return sink;
  }

  /**
   * Keeps others from the stream's file: a second channel on it that is closed would drop the lock.
   *
   * @return the sink that writes it; null when the caller has the file to itself now
   */
  private @Nullable FolderSink reserve(StreamId stream) throws PipeException {
    lock.lock();
    try {
      while (open.containsKey(stream) && open.get(stream) == null) {
        entered.awaitUninterruptibly();
      }
      if (closed) {
        throw IoErrors.closed(folder.toString(), 0);
      }
      FolderSink sink = open.get(stream);
      if (sink == null) {
        open.put(stream, null);
      }
      return sink;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the sink, if there is one, is among those that are closed with the target. */
  private boolean enter(StreamId stream, @Nullable FolderSink sink) {
    lock.lock();
    try {
      entered.signalAll();
      if (sink == null || closed) {
        open.remove(stream);
        return false;
      }
      open.put(stream, sink);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private FolderSink openFile(StreamId stream, Encoding encoding)
      throws PipeException, InterruptedException {
    String name = nameOf(stream);
    Path whole = folder.resolve(name);
    Path part = folder.resolve(name + PART);
    boolean isWhole = isWhole(stream, name, whole);
    if (!overwrite && !isWhole && Files.exists(whole)) {
      throw new PipeException.Refused(
          Status.ALREADY_EXISTS,
          whole + " is there already; move it away, or add the word 'overwrite'");
    }
    Target file;
    if (slots == null) {
      // What an earlier stream of this name left is not the start of this one.
      file = FileTarget.open(part, context.pool(), FileTarget.Existing.OVERWRITE);
    } else {
      file =
          KeptTarget.open(
              isWhole ? whole : part,
              slots.of(name),
              FileTarget.Existing.OVERWRITE,
              context.forOneStream());
    }
    try {
      return new FolderSink(this, stream, file, file.open(stream, encoding), whole, isWhole);
    } catch (PipeException | InterruptedException e) {
      file.close();
      throw e;
    }
  }

  /** Whether the stream has come to its end here before, and its file is still there. */
  private boolean isWhole(StreamId stream, String name, Path whole) throws PipeException {
    FolderSlots known = slots;
    if (known == null || !Files.exists(whole)) {
      return false;
    }
    try {
      Slot slot = known.find(stream, name, whole);
      return slot != null && slot.finished();
    } catch (IOException e) {
      throw IoErrors.opening(whole, e);
    }
  }

  @Override
  public void close() {
    List<FolderSink> sinks = new ArrayList<>();
    lock.lock();
    try {
      closed = true;
      for (FolderSink each : open.values()) {
        if (each != null) {
          sinks.add(each);
        }
      }
    } finally {
      lock.unlock();
    }
    for (FolderSink each : sinks) {
      each.close();
    }
  }

  void released(StreamId stream, FolderSink sink) {
    lock.lock();
    try {
      open.remove(stream, sink);
    } finally {
      lock.unlock();
    }
  }

  /** Gives a whole stream its name; blocks until that is on the device too. */
  void publish(Path whole) throws PipeException {
    Path part = folder.resolve(whole.getFileName() + PART);
    try {
      if (overwrite) {
        Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.move(part, whole);
      }
      try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
        entries.force(true);
      }
    } catch (FileAlreadyExistsException e) {
      throw new PipeException.Refused(
          Status.ALREADY_EXISTS,
          whole + " came into being meanwhile; the stream is whole in " + part,
          e);
    } catch (IOException e) {
      throw IoErrors.opening(whole, e);
    }
  }

  /**
   * A name for the file of a stream: another one for each stream, and always inside the folder.
   *
   * <p>A stream that is a file has that file's name, with a sum of the whole path before its
   * extension, since files of one name lie in many folders.
   */
  static String nameOf(StreamId stream) {
    Matcher local = LOCAL_FILE.matcher(stream.value());
    if (!local.matches()) {
      return fitted(encoded(stream.value()), stream);
    }
    String name = local.group(1);
    int dot = name.lastIndexOf('.');
    int end = dot > 0 ? dot : name.length();
    String sum = summed(stream).toString().replace("-", "").substring(0, SUM_DIGITS);
    return fitted(
        encoded(name.substring(0, end))
            + "~"
            + sum
            + encoded("x" + name.substring(end)).substring(1),
        stream);
  }

  private static String encoded(String text) {
    StringBuilder name = new StringBuilder();
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (each & 0xff);
      boolean plain =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '_'
              || c == '-'
              || (c == '.' && !name.isEmpty());
      if (plain) {
        name.append(c);
      } else {
        name.append(String.format("%%%02X", (int) c));
      }
    }
    return name.toString();
  }

  private static String fitted(String name, StreamId stream) {
    return name.length() <= NAME_LENGTH_MAX && !name.endsWith(PART)
        ? name
        : name.substring(0, Math.min(name.length(), NAME_LENGTH_MAX - 40)) + "%~" + summed(stream);
  }

  private static UUID summed(StreamId stream) {
    return UUID.nameUUIDFromBytes(stream.value().getBytes(StandardCharsets.UTF_8));
  }
}
