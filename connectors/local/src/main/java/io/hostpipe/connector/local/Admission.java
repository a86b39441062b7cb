package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import io.hostpipe.connector.local.FileTarget.Existing;
import io.hostpipe.storage.KeptFile;
import io.hostpipe.storage.Slot;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which streams a file with slots takes, and what becomes of content that they did not write.
 *
 * @param many whether streams may lie between each other
 */
record Admission(KeptFile kept, String where, Existing existing, boolean many) {
  /**
   * Refuses a file before anybody is asked for a stream.
   *
   * @param fileBytes how long it is
   */
  void checkFile(long fileBytes) throws PipeException {
    PipeException damage = kept.damage();
    if (damage != null) {
      // To be overwritten, it is emptied for the first stream, unless that is one it speaks of.
      if (existing != Existing.OVERWRITE) {
        throw damage;
      }
      return;
    }
    long contentBytes = kept.isKnown() ? kept.lengthBytes() : fileBytes;
    if (existing == Existing.REFUSE && kept.streams().isEmpty() && contentBytes > 0) {
      throw FileTarget.hasContent(Path.of(where), contentBytes);
    }
  }

  /** Whether a process's first stream makes the file empty. */
  boolean emptiesFor(StreamId stream) throws PipeException {
    PipeException damage = kept.damage();
    if (damage != null && kept.slot(stream) != null) {
      throw damage;
    }
    if (existing != Existing.OVERWRITE) {
      return false;
    }
    boolean ours = many ? !kept.streams().isEmpty() : kept.knows(stream);
    return damage != null || !ours;
  }

  /** Refuses a stream that cannot go on, or begin, at the file's end. */
  void check(StreamId stream) throws PipeException {
    if (many || kept.lengthBytes() == 0 || (kept.knows(stream) && kept.endsWith(stream))) {
      return;
    }
    List<StreamId> unfinished = kept.unfinished();
    boolean known = kept.knows(stream);
    if (!known && existing == Existing.APPEND && unfinished.isEmpty()) {
      return;
    }
    StreamId other = kept.last();
    if (other == null) {
      throw FileTarget.hasContent(Path.of(where), kept.lengthBytes());
    }
    boolean ended = !unfinished.contains(other);
    throw new PipeException.Refused(
        Status.ALREADY_EXISTS,
        where
            + " holds the stream "
            + other
            + (ended ? "" : ", which has not ended")
            + ", so "
            + stream
            + (known ? " cannot go on in it" : " cannot go into it")
            + "; give it a file of its own"
            + (ended && !known ? ", or add the word 'append'" : ""));
  }

  /** Whether the stream has ended here, and so only gets the same end again. */
  boolean hasAllOf(StreamId stream) {
    @Nullable Slot slot = kept.slot(stream);
    return slot != null && slot.finished();
  }
}
