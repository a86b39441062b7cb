package io.hostpipe.cli;

import io.hostpipe.PipeException;
import io.hostpipe.StreamId;
import io.hostpipe.runtime.RestartedSource;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.apache.commons.cli.CommandLine;
import org.jspecify.annotations.Nullable;

/**
 * What of a pipe outlives its processes, as the flags say.
 *
 * @param session the name of the session; null when nobody gave one
 * @param spool the folder of the spool; null when there is none
 * @param spoolBytesMax how much it may hold
 * @param syncsBefore whether nothing is sent before it is on the device
 * @param restarted what a source yields that begins anew; null when nobody said
 * @param takesOver whether a stream is taken from a process that sends it
 */
record LastingFlags(
    @Nullable String session,
    @Nullable Path spool,
    long spoolBytesMax,
    boolean syncsBefore,
    RestartedSource.@Nullable Yields restarted,
    boolean takesOver) {
  /** Less would not hold the segments that a stream begins with. */
  private static final long SPOOL_BYTES_MIN = 1 << 20;

  /** A stream's number is put behind a session's name. */
  private static final int NUMBER_BYTES = 12;

  /** When the spool's bytes may be sent. */
  enum SpoolSync {
    BEHIND,
    BEFORE
  }

  static LastingFlags of(CommandLine line) throws PipeException {
    String session = Flags.value(line, Flag.SESSION);
    String spool = Flags.value(line, Flag.SPOOL);
    String spoolMax = Flags.value(line, Flag.SPOOL_MAX);
    SpoolSync sync = Flags.choiceOrNull(line, Flag.SPOOL_SYNC, SpoolSync.class);
    boolean takesOver = line.hasOption(Flag.TAKEOVER.word());
    if (session != null) {
      checkName(session);
    }
    if (spool == null && (spoolMax != null || sync != null)) {
      throw new PipeException.Config(
          "--spool-max and --spool-sync are for a spool, and there is none: add --spool DIR");
    }
    if (takesOver && session == null) {
      throw new PipeException.Config("--takeover is for a stream with a name: add --session NAME");
    }
    return new LastingFlags(
        session,
        spool == null ? null : folder(spool),
        spoolMax == null ? Long.MAX_VALUE : spoolMax(spoolMax),
        sync == SpoolSync.BEFORE,
        Flags.choiceOrNull(line, Flag.RESTARTED, RestartedSource.Yields.class),
        takesOver);
  }

  /** Whether anything does. */
  boolean any() {
    return session != null || spool != null;
  }

  /** A session's name is a stream's, and a file's. */
  static void checkName(String name) throws PipeException {
    int lengthBytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (lengthBytes == 0 || lengthBytes > StreamId.LENGTH_BYTES_MAX - NUMBER_BYTES) {
      throw new PipeException.Config(
          "the name of a session has 1 to "
              + (StreamId.LENGTH_BYTES_MAX - NUMBER_BYTES)
              + " bytes, this one "
              + lengthBytes);
    }
    if (name.indexOf('#') >= 0 || name.chars().anyMatch(Character::isISOControl)) {
      throw new PipeException.Config(
          "the name of a session has no control characters, and no '#': behind that stands which"
              + " of its streams it is");
    }
  }

  /** An empty word, as a variable gives that was never set, would be the folder one stands in. */
  private static Path folder(String spool) throws PipeException {
    try {
      if (!spool.isEmpty()) {
        return Path.of(spool);
      }
      throw new InvalidPathException(spool, "empty");
    } catch (InvalidPathException e) {
      throw new PipeException.Config("--spool wants a folder, not '" + spool + "'");
    }
  }

  private static long spoolMax(String text) throws PipeException {
    long bytes = Quantity.bytes(text, "--spool-max");
    if (bytes < SPOOL_BYTES_MIN) {
      throw new PipeException.Config("--spool-max is at least 1M, not " + text);
    }
    return bytes;
  }
}
