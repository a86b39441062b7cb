package io.hostpipe.cli;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Encoding;
import io.hostpipe.FrameEncoder;
import io.hostpipe.Framing;
import io.hostpipe.runtime.RelayProgress;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Counts what passes from source to sink, and takes its SHA-256 where a person wants it.
 *
 * <p>The pair of CRCs is not taken here: every sink keeps it beside its position.
 *
 * <p>Thread rule: one thread moves the bytes and calls the {@code on…} methods and {@link #digest};
 * the counts may be read from any.
 */
final class Meter implements Counts {
  /** Room for messages on their way to the SHA-256; a longer one takes as much as it needs. */
  private static final int FRAMED_BYTES = 64 << 10;

  private final @Nullable MessageDigest sha256;
  private final @Nullable FrameEncoder encoder;
  private ByteBuffer framed = ByteBuffer.allocate(0);
  private volatile @Nullable RelayProgress progress;
  private volatile long messageCount = -1;
  private volatile long startNanos;
  private volatile boolean started;

  /**
   * A meter at the start of a stream, for a summary with this digest.
   *
   * @param framing how a person sees the stream's messages as bytes; null for a stream of bytes
   */
  Meter(Flags.DigestKind kind, @Nullable Framing framing) {
    this.sha256 = kind == Flags.DigestKind.SHA256 ? newSha256() : null;
    this.encoder = framing == null ? null : new FrameEncoder(framing);
  }

  /** The relay that moves the stream has begun; the positions are its. */
  void follow(RelayProgress relay) {
    progress = relay;
  }

  /** A batch was read. It stays the caller's. */
  void onRead(Batch batch) {
    if (!started) {
      startNanos = System.nanoTime();
      started = true;
    }
    if (sha256 != null) {
      digest(batch, sha256);
    }
    if (batch.encoding() == Encoding.RECORDS) {
      messageCount = Math.max(messageCount, 0) + batch.count();
    }
  }

  @Override
  public long startPosition() {
    RelayProgress relay = progress;
    return relay == null ? 0 : relay.startPosition();
  }

  @Override
  public long readPosition() {
    RelayProgress relay = progress;
    return relay == null ? 0 : relay.position();
  }

  @Override
  public long committedPosition() {
    RelayProgress relay = progress;
    return relay == null ? 0 : relay.committed();
  }

  /** How far this one of the sinks has committed, counted from 0. */
  long committedPosition(int sink) {
    RelayProgress relay = progress;
    return relay == null ? 0 : relay.committed(sink);
  }

  /** Whether this one of the sinks has confirmed the end of the stream. */
  boolean finished(int sink) {
    RelayProgress relay = progress;
    return relay != null && relay.finished(sink);
  }

  /** Whether the stream has ended and every sink has confirmed that. */
  boolean ended() {
    RelayProgress relay = progress;
    return relay != null && relay.finished();
  }

  /** The sink that failed first; -1 when none did. */
  int failedSink() {
    RelayProgress relay = progress;
    return relay == null ? -1 : relay.failedSink();
  }

  /** From where on digests were compared; 0 is all of it. */
  long verifiedFrom() {
    RelayProgress relay = progress;
    return relay == null ? 0 : relay.verifiedFrom();
  }

  @Override
  public long messageCount() {
    return messageCount;
  }

  @Override
  public long elapsedNanos() {
    return started ? System.nanoTime() - startNanos : 0;
  }

  /** The digest of the whole stream for people, once it has ended. */
  String digest() {
    RelayProgress relay = progress;
    Digest ofSink = relay == null ? null : relay.digest();
    if (sha256 == null) {
      return ofSink == null ? "not known to this end" : ofSink.toString();
    }
    return startPosition() == 0
        ? "sha256:" + HexFormat.of().formatHex(sha256.digest())
        : "sha256 not available: the stream went on at position "
            + startPosition()
            + ", what lies before it did not pass here again";
  }

  /** Messages are digested the way they are written, so that sha256sum can be compared. */
  private void digest(Batch batch, MessageDigest sum) {
    if (encoder == null || batch.encoding() == Encoding.RAW) {
      sum.update(batch.bytes());
      return;
    }
    if (batch.beginsInsideRecord()) {
      return; // of a stream that goes on there is no sum anyway
    }
    encoder.begin(batch);
    FrameEncoder.Outcome outcome;
    do {
      if (framed.capacity() < Math.max(FRAMED_BYTES, encoder.neededBytes())) {
        framed = ByteBuffer.allocate(Math.max(FRAMED_BYTES, encoder.neededBytes()));
      }
      outcome = encoder.encode(framed);
      sum.update(framed.flip());
      framed.clear();
    } while (outcome != FrameEncoder.Outcome.DONE);
  }

  private static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
