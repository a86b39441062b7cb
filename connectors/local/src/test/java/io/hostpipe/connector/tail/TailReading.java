package io.hostpipe.connector.tail;

import io.hostpipe.Address;
import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Encoding;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Source;
import io.hostpipe.spi.BlockPool;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A tail that is read step by step, and what it said. */
final class TailReading implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** Long enough for a look after a change that has happened already. */
  private static final Duration QUIET = Duration.ofMillis(60);

  final BlockPool pool = new BlockPool(1 << 20);
  final List<String> warnings = new CopyOnWriteArrayList<>();
  private final Source source;
  private @Nullable Cursor cursor;
  private long position;

  TailReading(Path path, String... options) throws PipeException, InterruptedException {
    this(path, Resume.START, options);
  }

  TailReading(Path path, Resume from, String... options)
      throws PipeException, InterruptedException {
    Address address = Address.parse("tail:" + path);
    for (String option : options) {
      String[] parts = option.split("=", 2);
      address = address.withOption(parts[0], parts[1]);
    }
    PipeContext context =
        PipeContext.messages(pool)
            .withEncoding(Encoding.RAW)
            .withEvents(
                new PipeEvents() {
                  @Override
                  public void warning(String text) {
                    warnings.add(text);
                  }
                });
    source = new TailConnector().source(address, context);
    source.seek(from);
    cursor = from.cursor();
    position = from.position();
  }

  /** Everything up to so many bytes; waits for them. */
  String read(int lengthBytes) throws PipeException, InterruptedException {
    StringBuilder text = new StringBuilder();
    long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
    while (text.length() < lengthBytes) {
      Batch batch = source.read(Duration.ofMillis(100));
      if (batch != null) {
        text.append(taken(batch));
      } else if (source.finished() || System.nanoTime() - deadlineNanos > 0) {
        throw new AssertionError("only came: " + text);
      }
    }
    return text.toString();
  }

  /** What is there now and comes within a moment. */
  String readAvailable() throws PipeException, InterruptedException {
    StringBuilder text = new StringBuilder();
    for (Batch batch = source.read(QUIET); batch != null; batch = source.read(QUIET)) {
      text.append(taken(batch));
    }
    return text.toString();
  }

  /** Everything to the end that until=end asks for. */
  String readAll() throws PipeException, InterruptedException {
    StringBuilder text = new StringBuilder();
    for (Batch batch = source.read(); batch != null; batch = source.read()) {
      text.append(taken(batch));
    }
    return text.toString();
  }

  /** Where a later reading goes on. */
  Resume resume() {
    return new Resume(position, cursor, null);
  }

  Source source() {
    return source;
  }

  private String taken(Batch batch) {
    try (batch) {
      if (batch.position() != position) {
        throw new AssertionError(batch + " comes behind " + position);
      }
      position = batch.endPosition();
      cursor = batch.cursor();
      byte[] bytes = new byte[batch.lengthBytes()];
      batch.bytes().get(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    source.close();
    if (pool.takenBytes() != 0) {
      throw new AssertionError(pool.takenBytes() + " bytes of blocks were not given back");
    }
  }
}
