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
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Turns commits of records back into commits of the bytes they were made of, and into counts of
 * messages for a source that wants those.
 *
 * <p>The bytes are committed from batch to batch; messages are counted one by one, for which the
 * batches' blocks are kept until then. What it holds is bounded by what the sinks leave
 * uncommitted; where they commit at the end of the stream only, messages are counted as they are
 * handed out.
 *
 * <p>Thread rule: any thread, also while the source's reader is inside a read: a peer may wait for
 * its answer before it sends on. One lock guards what is held, and never while somebody is told;
 * those who commit take turns, so that each message is told once and in order.
 */
final class FramedCommits {
  /** The most batches that are told apart; from there on commits of bytes are coarser. */
  private static final int HANDED_MAX = 65_536;

  private final Source inner;
  private final @Nullable MessageCommits messages;

  /** Whose turn it is to commit; held while the inner source is told. */
  private final ReentrantLock turn = new ReentrantLock();

  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Handed> handed = new ArrayDeque<>();
  private final ArrayDeque<Refused> refused = new ArrayDeque<>();
  private long innerCommitted;
  private long endPosition;
  private long innerEndPosition;
  private boolean atEnd;
  private boolean closed;

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
    lock.lock();
    try {
      atEnd = true;
    } finally {
      lock.unlock();
    }
  }

  /** The stream goes on here. */
  void startAt(long position, long innerPosition) {
    lock.lock();
    try {
      endPosition = position;
      innerEndPosition = innerPosition;
    } finally {
      lock.unlock();
    }
  }

  /** These messages are handed out; they end where the inner position is. */
  void add(Batch batch, long innerEnd) {
    lock.lock();
    try {
      endPosition = batch.endPosition();
      innerEndPosition = innerEnd;
      if (wanted() && !closed) {
        keep(batch, innerEnd);
      }
    } finally {
      lock.unlock();
    }
  }

  private void keep(Batch batch, long innerEnd) {
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

  void reject(long endPositionOfMessage, Rejection why) {
    lock.lock();
    try {
      if (messages != null) {
        refused.add(new Refused(endPositionOfMessage, why));
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Everything before the position is committed; nobody is told once this is closed.
   *
   * @param withDigest whether it is told in the form with a digest, which may confirm the end
   */
  void commit(long position, boolean withDigest) throws PipeException {
    turn.lock();
    try {
      List<News> news = new ArrayList<>();
      long innerPosition = take(position, news);
      if (innerPosition < 0) {
        return;
      }
      if (withDigest) {
        inner.commit(innerPosition, null);
      } else {
        inner.commit(innerPosition);
      }
      for (News each : news) {
        tell(each);
      }
    } finally {
      turn.unlock();
    }
  }

  /**
   * How far in the inner source's bytes this position is, in whole batches; -1 when it is closed.
   * What is committed was let go of, and is not looked for below it.
   */
  long innerAt(long position) {
    lock.lock();
    try {
      if (closed) {
        return -1;
      }
      if (position >= endPosition) {
        return innerEndPosition;
      }
      long innerPosition = innerCommitted;
      for (Handed each : handed) {
        if (each.endPosition > position) {
          break;
        }
        innerPosition = each.innerEnd;
      }
      return innerPosition;
    } finally {
      lock.unlock();
    }
  }

  void close() {
    lock.lock();
    try {
      closed = true;
      handed.forEach(Handed::release);
      handed.clear();
    } finally {
      lock.unlock();
    }
  }

  /** Lets go of what is committed; how far that is in the inner source's bytes, -1 when closed. */
  private long take(long position, List<News> news) {
    lock.lock();
    try {
      if (closed) {
        return -1;
      }
      long count = 0;
      for (Handed first = handed.peek();
          first != null && first.position < position;
          first = handed.peek()) {
        count = pass(first, position, count, news);
        if (first.endPosition > position) {
          break;
        }
        innerCommitted = first.innerEnd;
        handed.remove();
        first.release();
      }
      if (count > 0) {
        news.add(new News(count, null));
      }
      if (position == endPosition) {
        innerCommitted = Math.max(innerCommitted, innerEndPosition);
      }
      return innerCommitted;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Walks over the messages of a batch up to the position; the count since the last refused one.
   */
  private long pass(Handed batch, long position, long before, List<News> news) {
    if (messages == null) {
      return 0;
    }
    long count = before;
    if (batch.block == null) {
      if (batch.endPosition <= position) {
        count += batch.count - refused.size();
        news.add(new News(count, null));
        refused.forEach(each -> news.add(new News(0, each.why)));
        refused.clear();
        count = 0;
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
        news.add(new News(count, refused.remove().why));
        count = 0;
      } else {
        count++;
      }
    }
    return count;
  }

  private void tell(News news) throws PipeException {
    MessageCommits listener = messages;
    if (listener == null) {
      return;
    }
    if (news.count > 0) {
      listener.onMessagesCommitted(news.count);
    }
    if (news.refused != null) {
      listener.onMessageRejected(news.refused);
    }
  }

  /** So many messages are committed, and the one behind them is refused when there is a reason. */
  private record News(long count, @Nullable Rejection refused) {}

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
