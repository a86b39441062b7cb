package io.hostpipe.runtime;

import io.hostpipe.runtime.access.Principal;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a carrier: bytes both ways, in order, until it breaks.
 *
 * <p>Thread rule: one thread reads and one writes at a time; {@link #close} may come from any
 * thread and wakes both.
 */
public interface Link extends AutoCloseable {
  /**
   * Reads into the targets in order. Blocks until there is at least one byte.
   *
   * @return the bytes read, or -1 when the peer closed its side
   * @throws io.hostpipe.PipeException.Refused when one side does not take the other
   */
  long read(ByteBuffer[] targets) throws IOException;

  /**
   * Writes all remaining bytes of the first so many buffers. Blocks until they are on their way.
   */
  void write(ByteBuffer[] buffers, int count) throws IOException;

  /** Tells the peer that nothing more will be written; reading goes on. */
  void shutdownOutput() throws IOException;

  /**
   * Whether it stands and nothing has come over it, while nobody reads: then another pipe may begin
   * on it. Never blocks. False where that cannot be told.
   */
  default boolean isQuiet() {
    return false;
  }

  /** The other end for people: host and port. */
  String peer();

  /** The scheme that talks over such a carrier to programs without our protocol. */
  default String plainScheme() {
    return "raw+tcp";
  }

  /** What carries it, in a word. */
  default String carrier() {
    return plainScheme().replace("raw+", "");
  }

  /**
   * 32 bytes that the two ends of this very connection share and nobody else can know, once its
   * first byte was read: the TLS exporter {@code EXPORTER-Channel-Binding} of RFC 9266. What is
   * proved together with them was said on this connection, and is worth nothing on another one.
   *
   * @return a fresh copy; null where the carrier has no such thing
   */
  default byte @Nullable [] channelBinding() {
    return null;
  }

  /**
   * Who the peer is, where the carrier itself has proved it with a certificate that is trusted
   * here: a name that is the same on each of its links. Known once the first byte was read.
   *
   * @return null where the peer has proved nothing
   */
  default @Nullable String principal() {
    return null;
  }

  /**
   * Who the peer is, where this process has let it in already, before there was this link: it is
   * asked for no token again.
   *
   * @return null where the greeting has to find out
   */
  default @Nullable Principal admitted() {
    return null;
  }

  /**
   * Its peer has shown all that is asked of it, and names a pipe that is here: what the carrier
   * holds against strangers need not hold any longer. Said before the peer is answered, once for
   * each pipe; never blocks.
   */
  default void onLetIn() {}

  /**
   * Why this side itself has broken it off before its peer was let in, for people.
   *
   * @return null when it has not
   */
  default @Nullable String turnedAwayFor() {
    return null;
  }

  /**
   * The only pipe that may be asked for over it, where the carrier's own address has named one, and
   * others on the way have judged by that. Known once the first byte was read.
   *
   * @return null where any may be asked for
   */
  default @Nullable String pipeName() {
    return null;
  }

  /** Breaks the connection. Idempotent. */
  @Override
  void close();
}
