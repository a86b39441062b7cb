package io.hostpipe.connector.rabbitmq;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * What of which streams has been read from a queue: for each stream a set of intervals of its
 * positions, and the digest at the end of the last. A mark of how far would not do: a message that
 * was refused, or given back, comes behind later ones.
 *
 * <p>It travels as a cursor, which is small. When it would not fit, the stream that was read from
 * least recently is forgotten, and then the lowest interval of one.
 *
 * <p>Thread rule: one thread at a time.
 */
final class Seen {
  /** What a message is to those that were read. */
  enum Finding {
    /** It was not read. */
    NEW,
    /** It was read already. */
    AGAIN,
    /** Something else was read in its place. */
    OTHER
  }

  private static final byte FORM = 'q';
  private static final int HEAD_BYTES = 1 + Long.BYTES;

  /** By the sum of the stream's name; the one that was read from last is last. */
  private final LinkedHashMap<Long, Intervals> streams = new LinkedHashMap<>();

  private boolean forgot;

  /** One stream's part. */
  private static final class Intervals {
    /** Ends by their starts; no two touch. */
    final TreeMap<Long, Long> ends = new TreeMap<>();

    /** Of the whole stream up to the last end. */
    int digest;

    long top() {
      Map.Entry<Long, Long> last = ends.lastEntry();
      return last == null ? 0 : last.getValue();
    }
  }

  /**
   * What a cursor says.
   *
   * @param digest of what the source had yielded where the cursor belongs
   */
  record Kept(Seen seen, Digest digest) {}

  static Kept of(Cursor cursor) throws PipeException {
    try {
      ByteBuffer in = ByteBuffer.wrap(cursor.bytes());
      if (in.get() == FORM) {
        Digest digest = Digest.fromLong(in.getLong());
        Seen seen = new Seen();
        while (in.hasRemaining()) {
          seen.readStream(in);
        }
        return new Kept(seen, digest);
      }
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      // Said below.
    }
    throw new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        "the sink has kept a place that is none of a queue's: "
            + HexFormat.of().formatHex(cursor.bytes())
            + "; its stream came from another source");
  }

  /** What a message is. */
  Finding look(Place place) {
    Intervals known = streams.get(sum(place));
    if (known == null) {
      return Finding.NEW;
    }
    Map.Entry<Long, Long> below = known.ends.lowerEntry(place.end());
    if (place.isEnd()) {
      return Finding.NEW;
    }
    if (below == null || below.getValue() <= place.start()) {
      return Finding.NEW;
    }
    if (below.getKey() > place.start() || below.getValue() < place.end()) {
      return Finding.OTHER;
    }
    return place.end() == known.top() && known.digest != digestOf(place)
        ? Finding.OTHER
        : Finding.AGAIN;
  }

  /** Whether something before it is not there, of a stream that is known. */
  boolean leavesGap(Place place) {
    Intervals known = streams.get(sum(place));
    return known != null && known.top() < place.start();
  }

  /** How far its stream was read, at most. */
  long top(Place place) {
    Intervals known = streams.get(sum(place));
    return known == null ? 0 : known.top();
  }

  /** Adds a message that is taken, and may lie where others were read: put back by somebody. */
  void add(Place place) {
    if (place.isEnd()) {
      return;
    }
    long sum = sum(place);
    Intervals known = streams.remove(sum);
    if (known == null) {
      known = new Intervals();
    }
    streams.put(sum, known);
    if (place.end() > known.top()) {
      known.digest = digestOf(place);
    }
    long start = place.start();
    long end = place.end();
    Map.Entry<Long, Long> before = known.ends.floorEntry(start);
    if (before != null && before.getValue() >= start) {
      start = before.getKey();
    }
    for (Map.Entry<Long, Long> next = known.ends.ceilingEntry(start);
        next != null && next.getKey() <= end;
        next = known.ends.ceilingEntry(start)) {
      end = Math.max(end, next.getValue());
      known.ends.remove(next.getKey());
    }
    known.ends.put(start, end);
  }

  /**
   * As a cursor.
   *
   * @param digest of what the source has yielded
   */
  Cursor toCursor(Digest digest) {
    while (HEAD_BYTES + lengthBytes() > Cursor.LENGTH_BYTES_MAX) {
      forgetSome();
    }
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + lengthBytes());
    out.put(FORM).putLong(digest.toLong());
    streams.forEach((sum, known) -> {
      out.putLong(sum).putInt(known.digest);
      putVarint(out, known.ends.size());
      long last = 0;
      for (Map.Entry<Long, Long> each : known.ends.entrySet()) {
        putVarint(out, each.getKey() - last);
        putVarint(out, each.getValue() - each.getKey());
        last = each.getValue();
      }
    });
    return Cursor.of(out.array());
  }

  /** Whether something had to be forgotten since this was asked last. */
  boolean forgot() {
    boolean did = forgot;
    forgot = false;
    return did;
  }

  private void forgetSome() {
    forgot = true;
    Map.Entry<Long, Intervals> oldest = streams.firstEntry();
    if (streams.size() > 1) {
      streams.remove(oldest.getKey());
    } else {
      oldest.getValue().ends.pollFirstEntry();
    }
  }

  private int lengthBytes() {
    int lengthBytes = 0;
    for (Intervals known : streams.values()) {
      lengthBytes += Long.BYTES + Integer.BYTES + varintBytes(known.ends.size());
      long last = 0;
      for (Map.Entry<Long, Long> each : known.ends.entrySet()) {
        lengthBytes +=
            varintBytes(each.getKey() - last) + varintBytes(each.getValue() - each.getKey());
        last = each.getValue();
      }
    }
    return lengthBytes;
  }

  private void readStream(ByteBuffer in) {
    long sum = in.getLong();
    Intervals known = new Intervals();
    known.digest = in.getInt();
    long count = varint(in);
    long last = 0;
    for (long index = 0; index < count; index++) {
      long start = last + varint(in);
      last = start + varint(in);
      if (last <= start) {
        throw new IllegalArgumentException("an interval without length");
      }
      known.ends.put(start, last);
    }
    streams.put(sum, known);
  }

  /** Two sums of the name: a reader meets few streams in one queue. */
  private static long sum(Place place) {
    byte[] name = place.stream().value().getBytes(StandardCharsets.UTF_8);
    CRC32C sum = new CRC32C();
    sum.update(name);
    return (sum.getValue() << 32) | (place.stream().value().hashCode() & 0xFFFF_FFFFL);
  }

  private static int digestOf(Place place) {
    return Long.hashCode(place.digest().toLong());
  }

  private static void putVarint(ByteBuffer out, long value) {
    long rest = value;
    while (rest > 0x7F) {
      out.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number that does not end");
  }

  private static int varintBytes(long value) {
    return Math.max(1, (70 - Long.numberOfLeadingZeros(value)) / 7);
  }
}
