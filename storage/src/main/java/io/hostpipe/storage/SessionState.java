package io.hostpipe.storage;

import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a session: lines of text, the last of which is the checksum of those before it.
 *
 * @param key its name
 * @param from the address of its source
 * @param to those of its sinks
 * @param firstStream the id of its first stream
 * @param number which of its streams it is on, counted from 1
 * @param end how far that one is with its end
 * @param takesOver whether the next process takes the stream over
 */
public record SessionState(
    String key,
    String from,
    String to,
    String firstStream,
    int number,
    StreamEnd end,
    boolean takesOver) {
  private static final String MARK = "hostpipe session 1";
  private static final int LENGTH_BYTES_MAX = 1 << 20;
  private static final int LINE_COUNT = 9;

  /** The id of the stream that it is on. */
  public StreamId stream() {
    return new StreamId(number == 1 ? firstStream : firstStream + "#" + number);
  }

  /** Another stream behind one that has ended, perhaps between other ends. */
  SessionState next(String newFrom, String newTo) {
    return new SessionState(
        key, newFrom, newTo, firstStream, number + 1, StreamEnd.AHEAD, takesOver);
  }

  /** The same stream, this far with its end. */
  SessionState with(StreamEnd newEnd) {
    return new SessionState(
        key, from, to, firstStream, number, newEnd, takesOver && !newEnd.reached());
  }

  SessionState takingOver(boolean takes) {
    return new SessionState(key, from, to, firstStream, number, end, takes);
  }

  /**
   * Reads it.
   *
   * @return null when there is no such file
   * @throws PipeException DataLoss when it is damaged
   */
  static @Nullable SessionState read(Disk disk, Path file) throws IOException {
    if (!disk.exists(file)) {
      return null;
    }
    ByteBuffer bytes;
    try (DiskFile open = disk.openToRead(file)) {
      bytes = ByteBuffer.allocate((int) Math.min(LENGTH_BYTES_MAX, open.lengthBytes()));
      var _ = open.read(bytes, 0);
    }
    String text = StandardCharsets.UTF_8.decode(bytes.flip()).toString();
    List<String> lines = List.of(text.split("\n", -1));
    int last = text.lastIndexOf("\n", text.length() - 2);
    if (lines.size() != LINE_COUNT + 1
        || !lines.getFirst().equals(MARK)
        || !lines.get(LINE_COUNT - 1).equals(checksum(text.substring(0, last + 1)))) {
      throw new PipeException.DataLoss(
          file
              + " is damaged: it does not say any more how far its session is; what the far side"
              + " has is not touched by that. Remove the file to begin the session anew");
    }
    return new SessionState(
        lines.get(1),
        lines.get(2),
        lines.get(3),
        lines.get(4),
        Integer.parseInt(lines.get(5)),
        StreamEnd.parse(lines.get(6)),
        Boolean.parseBoolean(lines.get(7)));
  }

  /** Replaces what was kept, as a whole; it is lasting when this returns. */
  void write(Disk disk, Path file) throws IOException {
    String text =
        String.join(
                "\n",
                MARK,
                key,
                from,
                to,
                firstStream,
                Integer.toString(number),
                end.text(),
                Boolean.toString(takesOver))
            + "\n";
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    try (DiskFile open = disk.open(fresh)) {
      open.truncate(0);
      open.write(
          ByteBuffer.wrap((text + checksum(text) + "\n").getBytes(StandardCharsets.UTF_8)), 0);
      open.sync();
    }
    disk.move(fresh, file);
    disk.syncFolder(Objects.requireNonNull(file.getParent(), "a session's folder"));
  }

  private static String checksum(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return "crc32c:" + HexFormat.of().toHexDigits((int) crc.getValue());
  }
}
