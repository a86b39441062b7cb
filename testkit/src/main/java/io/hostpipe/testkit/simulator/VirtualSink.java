package io.hostpipe.testkit.simulator;

import io.hostpipe.Digest;
import io.hostpipe.session.Code;
import io.hostpipe.session.Delivery;
import io.hostpipe.session.Lease;
import io.hostpipe.session.Session;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The sink of one process: takes what was received, writes it, syncs it, and only then says that it
 * is applied. Each byte is compared with what the source handed over.
 */
final class VirtualSink {
  private final VirtualProcess process;
  private final Scenario.Stream stream;
  private final Content content;
  private final Storage storage;
  private final Dice dice;
  private final ArrayDeque<Taken> taken = new ArrayDeque<>();
  private final ArrayDeque<Mark> marks = new ArrayDeque<>();
  private final @Nullable SpoolWriter spool;
  private boolean endTold;
  private long takenEnd;
  private long written;
  private long consumed;
  private long digest;
  private boolean working;
  private long stalledUntilNanos;
  private int toldCount;

  VirtualSink(
      VirtualProcess process, Scenario.Stream stream, Content content, Storage storage, Dice dice) {
    this.process = process;
    this.stream = stream;
    this.content = content;
    this.storage = storage;
    this.dice = dice;
    written = storage.position;
    digest = storage.digest;
    ReceiverSpool kept = process.host().kept().spool();
    spool = kept == null ? null : new SpoolWriter(process, stream, kept, dice.fork());
    takenEnd = kept == null ? written : kept.position();
    if (takenEnd < written) {
      process.run().checks().onSinkAhead(1 - process.side());
    }
    consumed = takenEnd;
    if (takenEnd > written) {
      taken.add(new Taken(takenEnd, content.slice(written, takenEnd), null));
    }
  }

  /** A restarted sink tells again which messages it has refused, and takes what its spool has. */
  void begin() {
    tellRejected();
    if (spool != null) {
      process.session().holdEnd();
      work();
    }
  }

  long consumed() {
    return consumed;
  }

  /** Whether everything that came is committed. */
  boolean isIdle() {
    return storage.position == process.session().incoming().received();
  }

  void stall(long untilNanos) {
    stalledUntilNanos = untilNanos;
  }

  /** Takes over what there is room for. */
  void take() {
    Session session = process.session();
    while (taken.size() < stream.takesMax || commitable() <= written) {
      Delivery delivery = session.pollDelivery();
      if (delivery == null) {
        break;
      }
      take(session, delivery);
    }
    work();
    SpoolWriter writer = spool;
    if (writer != null) {
      writer.work();
      tellApplied(session);
    }
  }

  /** What the sink has by now, of what has come: with a spool it may have more, or less. */
  private void tellApplied(Session session) {
    if (session.incoming().stream() == null) {
      return;
    }
    tellRejected();
    long received = session.incoming().received();
    if (session.incoming().ended() && received < storage.position) {
      session.abort("the sink has more than the stream that ended here");
      return;
    }
    long applied = Math.min(storage.position, received);
    boolean whole = applied == storage.position;
    Long there = whole && stream.tellsDigest ? storage.digest : null;
    if (whole && applied == received && !endTold && session.incoming().ended()) {
      endTold = true;
      session.onFinished(applied, there, process.now());
    } else if (applied > session.incoming().applied()) {
      session.onApplied(applied, there, process.now());
    }
  }

  private void take(Session session, Delivery delivery) {
    int lengthBytes = delivery.bytes().remaining();
    if (delivery.position() != takenEnd || lengthBytes == 0) {
      throw new Violation(
          "delivered " + lengthBytes + " bytes at " + delivery.position() + " behind " + takenEnd);
    }
    takenEnd += lengthBytes;
    byte[] cursor = delivery.cursor();
    SpoolWriter writer = spool;
    if (writer != null) {
      writer.write(delivery.bytes().duplicate(), cursor);
    }
    if (takenEnd <= written) {
      // The sink had it before the spool did, which lost it with the power.
      delivery.lease().release();
      consume(session, takenEnd - consumed);
      return;
    }
    if (cursor != null) {
      marks.add(new Mark(takenEnd, cursor));
    }
    if (stream.consumesEarly) {
      ByteBuffer copy = ByteBuffer.allocate(lengthBytes).put(delivery.bytes().duplicate()).flip();
      taken.add(new Taken(takenEnd, copy, null));
      delivery.lease().release();
      consume(session, lengthBytes);
    } else {
      taken.add(new Taken(takenEnd, delivery.bytes(), delivery.lease()));
      if (written > consumed) {
        consume(session, written - consumed);
      }
    }
  }

  private void consume(Session session, long bytes) {
    consumed += bytes;
    session.onConsumed(bytes, process.now());
  }

  /** Up to where whole messages, or any bytes, were taken over. */
  private long commitable() {
    if (!content.messages()) {
      return takenEnd;
    }
    long border = written;
    for (long next = content.borderAbove(border);
        next <= takenEnd && next > border;
        next = content.borderAbove(next)) {
      border = next;
    }
    return border;
  }

  private void work() {
    if (working || commitable() <= written) {
      return;
    }
    working = true;
    long delay = process.run().delay(dice, stream.applyNanosMax);
    process.later(Math.max(delay, stalledUntilNanos - process.now()), this::write);
  }

  private void write() {
    long limit = commitable();
    long end = limit;
    if (dice.percent(30) && !content.messages()) {
      end = written + 1 + dice.below((int) (limit - written));
    }
    for (Taken piece : taken) {
      long from = Math.max(written, piece.end - piece.bytes.remaining());
      long to = Math.min(end, piece.end);
      if (from < to) {
        ByteBuffer run = runOf(piece, from, to);
        if (!content.has(from, run)) {
          throw new Violation("the sink was given other bytes between " + from + " and " + to);
        }
        digest = Digest.fromLong(digest).extend(run).toLong();
      }
    }
    if (stream.alters && process.run().altersNow(1 - process.side(), written, end)) {
      digest ^= 1;
    }
    written = end;
    process.trace("writes up to", end, 0);
    process.later(process.run().delay(dice, stream.syncNanosMax), this::commit);
  }

  private static ByteBuffer runOf(Taken piece, long from, long to) {
    long begin = piece.end - piece.bytes.remaining();
    int offset = piece.bytes.position() + (int) (from - begin);
    return piece.bytes.slice(offset, (int) (to - from));
  }

  /** Synced: from here on it survives, and may be told. */
  private void commit() {
    Session session = process.session();
    for (long border = content.borderAbove(storage.position);
        border <= written && border > storage.position;
        border = content.borderAbove(border)) {
      if (content.isRejected(border)) {
        storage.rejected.add(border);
      }
      if (border == content.end()) {
        break;
      }
    }
    storage.stream = stream.id;
    storage.epoch = spool == null ? session.incoming().epoch() : 0;
    storage.position = written;
    storage.digest = digest;
    for (Mark mark = marks.peek(); mark != null && mark.position <= written; mark = marks.peek()) {
      storage.cursor = mark.cursor;
      storage.cursorPosition = mark.position;
      marks.remove();
    }
    process.trace("commits up to", written, storage.rejected.size());
    tellRejected();
    if (spool == null) {
      session.onApplied(written, stream.tellsDigest ? digest : null, process.now());
    } else {
      tellApplied(session);
    }
    for (Taken piece = taken.peek(); piece != null && piece.end <= written; piece = taken.peek()) {
      Lease lease = piece.lease;
      if (lease != null) {
        lease.release();
      }
      taken.remove();
    }
    if (written > consumed) {
      consume(session, written - consumed);
    }
    working = false;
    process.pump();
  }

  private void tellRejected() {
    // What its spool lost with the power is not refused before it has come again.
    long end = spool == null ? Long.MAX_VALUE : takenEnd;
    while (toldCount < storage.rejected.size() && storage.rejected.get(toldCount) <= end) {
      long refused = storage.rejected.get(toldCount++);
      process.session().onRejected(refused, Code.INVALID_ARGUMENT, "refused");
    }
  }

  /** Gives back what was taken and never written, at an orderly end. */
  void close() {
    for (Taken piece : taken) {
      Lease lease = piece.lease;
      if (lease != null) {
        lease.release();
      }
    }
    taken.clear();
  }

  private record Taken(long end, ByteBuffer bytes, @Nullable Lease lease) {}

  @SuppressWarnings("ArrayRecordComponent") // opaque, never compared
  private record Mark(long position, byte[] cursor) {}
}
