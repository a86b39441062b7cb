package io.hostpipe.testkit;

import io.hostpipe.Batch;
import io.hostpipe.Cursor;
import io.hostpipe.Headers;
import io.hostpipe.Source;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What came out of a source, copied. Thread rule: one thread reads, others look when it has ended.
 */
public final class Received {
  /**
   * One message, or one run of raw bytes.
   *
   * @param endPosition the position behind it
   */
  public record Item(long endPosition, ByteBuffer payload, Headers headers) {
    /** The payload as UTF-8. */
    public String text() {
      return java.nio.charset.StandardCharsets.UTF_8.decode(payload.duplicate()).toString();
    }
  }

  private final List<Item> items = new ArrayList<>();
  private final TreeMap<Long, Cursor> cursors = new TreeMap<>();
  private long payloadBytes;
  private long position = -1;

  /** Reads to the end and commits each batch when asked to. */
  public static Received readAll(Source source, boolean commits)
      throws IOException, InterruptedException {
    Received all = new Received();
    while (all.readOne(source, commits)) {
      // Until the stream ends.
    }
    return all;
  }

  /** Reads until so many messages are there, which end at this position, and commits nothing. */
  public static Received readCount(Source source, int count, long endPosition)
      throws IOException, InterruptedException {
    Received some = new Received();
    while (some.position < endPosition && some.readOne(source, false)) {
      // Until they are there.
    }
    if (some.position != endPosition || some.items.size() > count) {
      throw new AssertionError("wanted " + count + " up to " + endPosition + ", got " + some);
    }
    return some;
  }

  /** In the order they came. */
  public List<Item> items() {
    return items;
  }

  /** The payloads as UTF-8, in the order they came. */
  public List<String> texts() {
    return items.stream().map(Item::text).toList();
  }

  /** The cursors by the positions at which they came. */
  public SequencedMap<Long, Cursor> cursors() {
    return cursors;
  }

  /** All payloads together. */
  public long payloadBytes() {
    return payloadBytes;
  }

  /** All payloads in one. */
  public byte[] joined() {
    ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(payloadBytes));
    items.forEach(item -> all.put(item.payload().duplicate()));
    return all.array();
  }

  /** The position behind everything; -1 when nothing came. */
  public long endPosition() {
    return position;
  }

  private boolean readOne(Source source, boolean commits) throws IOException, InterruptedException {
    @Nullable Batch batch = source.read();
    if (batch == null) {
      return false;
    }
    long end = batch.endPosition();
    try (batch) {
      if (position >= 0 && batch.position() != position) {
        throw new AssertionError(batch + " does not follow on position " + position);
      }
      batch.forEach(this::keep);
      Cursor cursor = batch.cursor();
      if (cursor != null) {
        cursors.put(end, cursor);
      }
    }
    position = end;
    if (commits) {
      source.commit(end);
    }
    return true;
  }

  private void keep(long endPosition, ByteBuffer payload, Headers headers) {
    payloadBytes += payload.remaining();
    ByteBuffer copy = ByteBuffer.allocate(payload.remaining()).put(payload).flip();
    items.add(new Item(endPosition, copy.asReadOnlyBuffer(), headers));
  }

  @Override
  public String toString() {
    return items.size() + " items, cursors " + Map.copyOf(cursors);
  }
}
