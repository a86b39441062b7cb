package io.hostpipe.connector.local;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.StreamId;
import io.hostpipe.spi.Block;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.Letterbox;
import io.hostpipe.storage.KeptFile;
import io.hostpipe.storage.RealDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The messages in a file of records, which is never changed: what was taken out is noted in a file
 * beside it, a line for each, with the digest of the message: should the file be another one some
 * day, the notes hide nothing of it.
 *
 * <p>So whoever writes there keeps its place, and nothing has to be copied to take one out. A line
 * that a crash has torn has no end, and counts for nothing: its message is shown again. A message
 * that is still being written has no end either, and is not shown yet.
 *
 * <p>Thread rule: as {@link Letterbox}.
 */
final class FileLetterbox implements Letterbox {
  private static final String SUFFIX = ".removed";

  /** A note that was torn is none: the word behind it is missing. */
  private static final Pattern NOTE = Pattern.compile("([0-9]{1,18} [0-9a-f]{16}) removed");

  private static final int DIGESTS_COUNT_FIRST = 64;

  /** Of a record's two lengths. */
  private static final int HEAD_BYTES_MAX = 2 * Records.VARINT_BYTES_MAX;

  private final Path path;
  private final BlockPool pool;
  private final FileChannel file;

  /** Of the messages that were looked at, from the first one on. */
  private long[] digests = new long[DIGESTS_COUNT_FIRST];

  private int digestCount;

  private FileLetterbox(Path path, BlockPool pool, FileChannel file) {
    this.path = path;
    this.pool = pool;
    this.file = file;
  }

  /** Opens a file that is there. */
  static FileLetterbox open(Path path, BlockPool pool) throws PipeException {
    LocalFile found = LocalFile.existing(path);
    if (!found.regular()) {
      throw new PipeException.Config(path + " is no file that keeps messages");
    }
    try {
      return new FileLetterbox(path, pool, FileChannel.open(path, StandardOpenOption.READ));
    } catch (IOException e) {
      throw IoErrors.opening(path, e);
    }
  }

  @Override
  public void forEach(Visitor visitor) throws PipeException, InterruptedException {
    try {
      Set<String> removed = removed();
      long position = 0;
      ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES_MAX);
      boolean wanted = true;
      for (long number = 1; wanted; number++) {
        readFully(head.clear(), position);
        int lengthBytes = Records.lengthAt(head.flip(), 0);
        if (lengthBytes == Records.INCOMPLETE || position + lengthBytes > file.size()) {
          checkEnd(position);
          return; // the end, or one that is still on its way
        }
        wanted = show(number, position, lengthBytes, removed, visitor);
        position += lengthBytes;
      }
    } catch (IllegalArgumentException e) {
      throw new PipeException.DataLoss(
          path + " holds something else than messages that were put aside: " + e.getMessage(), e);
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      throw IoErrors.opening(path, e);
    }
  }

  /** Whoever puts messages into a file keeps its place beside it, from before the first one on. */
  private void checkEnd(long position) throws IOException, PipeException {
    long lengthBytes = file.size();
    if (position == 0 && lengthBytes > 0 && !Files.exists(KeptFile.beside(path))) {
      throw new PipeException.DataLoss(
          path
              + " holds something else than messages that were put aside: "
              + lengthBytes
              + " bytes, and no whole message");
    }
  }

  @Override
  public void remove(long number) throws PipeException {
    removeAll(List.of(number));
  }

  @Override
  public void removeAll(List<Long> numbers) throws PipeException {
    Path ledger = ledger();
    // In front of them stands a break as well: the line before may be torn.
    StringBuilder notes = new StringBuilder("\n");
    for (long each : numbers) {
      if (each >= 1 && each <= digestCount) {
        notes.append(note(each, digests[(int) each - 1])).append(" removed\n");
      }
    }
    boolean created = !Files.exists(ledger);
    try (FileChannel out =
        FileChannel.open(
            ledger,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND)) {
      ByteBuffer bytes = StandardCharsets.US_ASCII.encode(notes.toString());
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
      if (created) {
        Path folder = ledger.toAbsolutePath().getParent();
        RealDisk.INSTANCE.syncFolder(Objects.requireNonNull(folder, "a file is in a folder"));
      }
    } catch (IOException e) {
      throw IoErrors.opening(ledger, e);
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      // It was only read.
    }
  }

  private boolean show(
      long number, long position, int lengthBytes, Set<String> removed, Visitor visitor)
      throws IOException, InterruptedException {
    Block block = pool.take(lengthBytes);
    ByteBuffer bytes = block.buffer().limit(lengthBytes);
    boolean[] wanted = {false};
    InterruptedException[] interrupted = {null};
    StreamId stream = new StreamId("letters");
    try (Batch one = new Batch(stream, Encoding.RECORDS, 0, bytes, block, null)) {
      readFully(bytes, position);
      bytes.flip();
      long digest = Digest.of(bytes.duplicate()).toLong();
      remember(number, digest);
      if (removed.contains(note(number, digest))) {
        return true;
      }
      one.forEach((end, payload, headers) -> {
        try {
          wanted[0] = visitor.letter(number, payload, headers);
        } catch (InterruptedException e) {
          interrupted[0] = e;
        }
      });
    }
    if (interrupted[0] != null) {
      throw interrupted[0];
    }
    return wanted[0];
  }

  private void remember(long number, long digest) {
    if (number == digestCount + 1L) {
      if (digestCount == digests.length) {
        digests = Arrays.copyOf(digests, 2 * digestCount);
      }
      digests[digestCount] = digest;
      digestCount++;
    }
  }

  private static String note(long number, long digest) {
    return number + " " + HexFormat.of().toHexDigits(digest);
  }

  private void readFully(ByteBuffer into, long position) throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int count = file.read(into, at);
      if (count < 0) {
        return;
      }
      at += count;
    }
  }

  private Set<String> removed() throws IOException {
    Set<String> removed = new HashSet<>();
    Path ledger = ledger();
    if (Files.exists(ledger)) {
      String text = Files.readString(ledger, StandardCharsets.US_ASCII);
      int whole = text.lastIndexOf('\n') + 1;
      for (String line : text.substring(0, whole).split("\n", -1)) {
        Matcher note = NOTE.matcher(line);
        if (note.matches()) {
          removed.add(note.group(1));
        }
      }
    }
    return removed;
  }

  private Path ledger() {
    return path.resolveSibling(path.getFileName() + SUFFIX);
  }
}
