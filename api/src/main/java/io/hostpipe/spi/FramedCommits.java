package io.hostpipe.spi;

import io.hostpipe.Batch;
import io.hostpipe.PipeException;
import io.hostpipe.Records;
import io.hostpipe.Rejection;
import io.hostpipe.Source;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns commits of records back into commits of the bytes they were made of, and into counts of
 * messages for a source that wants those.
 *
 * <p>The bytes are committed from batch to batch; messages are counted one by one, for which the
 * batches' blocks are kept until then. What it holds is bounded by what the sinks leave
 * uncommitted; where they commit at the end of the stream only, messages are counted as they are
 * handed out. Thread rule: the source's thread.
 */
final class FramedCommits {
  /** The most batches that are told apart; from there on commits of bytes are coarser. */
  private static final int HANDED_MAX = 65_536;

  private final Source inner;
  private final @Nullable MessageCommits messages;
  private final ArrayDeque<Handed> handed = new ArrayDeque<>();
  private final ArrayDeque<Refused> refused = new ArrayDeque<>();
  private long innerCommitted;
  private boolean atEnd;

  FramedCommits(Source inner) {
    this.inner = inner;
    this.messages = inner instanceof MessageCommits wants ? wants : null;
    if (messages != null) {
      messages.onFramed();
    }
  }

  /** Whether anybody below wants to hear of commits. */
  boolean wanted() {
    return messages != null || inner.wantsCommits();
  }

  /** Nothing is committed before the end. */
  void comeAtEnd() {
    atEnd = true;
  }

  /** These messages are handed out; they end where the inner position is. */
  void add(Batch batch, long innerEnd) {
    if (!wanted()) {
      return;
    }
    Handed last = handed.peekLast();
    if (last != null && last.block == null && (atEnd || handed.size() >= HANDED_MAX)) {
      last.endPosition = batch.endPosition();
      last.innerEnd = innerEnd;
      last.count += atEnd ? batch.count() : 0;
      return;
    }
    Block block = messages == null || atEnd ? null : batch.block();
    if (block != null) {
      block.retain();
    }
    Handed one = new Handed(batch.position(), batch.bytes(), block);
    one.endPosition = batch.endPosition();
    one.innerEnd = innerEnd;
    one.count = atEnd ? batch.count() : 0;
    handed.add(one);
  }

  void reject(long endPosition, Rejection why) {
    if (messages != null) {
      refused.add(new Refused(endPosition, why));
    }
  }

  /**
   * Everything before the position is committed.
   *
   * @param innerEnd the inner position there, when this is the end of all that was handed out; else
   *     -1
   * @param withDigest whether it is told in the form with a digest, which may confirm the end
   */
  void commit(long position, long innerEnd, boolean withDigest) throws PipeException {
    List<Rejection> passed = new ArrayList<>();
    long count = 0;
    for (Handed first = handed.peek();
        first != null && first.position < position;
        first = handed.peek()) {
      count = pass(first, position, count, passed);
      if (first.endPosition > position) {
        break;
      }
      innerCommitted = first.innerEnd;
      handed.remove();
      first.release();
    }
    innerCommitted = Math.max(innerCommitted, innerEnd);
    if (withDigest) {
      inner.commit(innerCommitted, null);
    } else {
      inner.commit(innerCommitted);
    }
    tell(count, passed);
  }

  void close() {
    handed.forEach(Handed::release);
    handed.clear();
  }

  /**
   * Walks over the messages of a batch up to the position; the count since the last refused one.
   */
  private long pass(Handed batch, long position, long before, List<Rejection> passed)
      throws PipeException {
    if (messages == null) {
      return 0;
    }
    long count = before;
    if (batch.block == null) {
      if (batch.endPosition <= position) {
        count += batch.count - refused.size();
        refused.forEach(each -> passed.add(each.why));
        refused.clear();
      }
      return count;
    }
    ByteBuffer bytes = batch.bytes;
    while (batch.position < position && bytes.hasRemaining()) {
      int lengthBytes = Records.lengthAt(bytes, bytes.position());
      if (batch.position + lengthBytes > position) {
        break;
      }
      bytes.position(bytes.position() + lengthBytes);
      batch.position += lengthBytes;
      if (!refused.isEmpty() && refused.element().endPosition == batch.position) {
        passed.add(refused.remove().why);
        tell(count, passed);
        count = 0;
      } else {
        count++;
      }
    }
    return count;
  }

  private void tell(long count, List<Rejection> passed) throws PipeException {
    MessageCommits listener = messages;
    if (listener == null) {
      return;
    }
    if (count > 0) {
      listener.onMessagesCommitted(count);
    }
    for (Rejection why : passed) {
      listener.onMessageRejected(why);
    }
    passed.clear();
  }

  private record Refused(long endPosition, Rejection why) {}

  /** A batch that is not committed to its end. */
  private static final class Handed {
    /** Of the first message that was not passed yet. */
    long position;

    long endPosition;
    long innerEnd;

    /** Of the messages, where there is no block to count them in. */
    long count;

    final ByteBuffer bytes;
    final @Nullable Block block;

    Handed(long position, ByteBuffer bytes, @Nullable Block block) {
      this.position = position;
      this.bytes = bytes;
      this.block = block;
    }

    void release() {
      if (block != null) {
        block.release();
      }
    }
  }
}
