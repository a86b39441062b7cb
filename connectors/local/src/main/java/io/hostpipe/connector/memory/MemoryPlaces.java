package io.hostpipe.connector.memory;

import io.hostpipe.Batch;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.Resume;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where a stream can go on: the digest and the cursor at the end of each batch that was read and
 * not committed. Thread rule: under the lock of its way.
 */
final class MemoryPlaces {
  /** Null when the digest of what came before is not known: then no later one is either. */
  private final @Nullable Digester digester;

  private final Consumer<Resume> onCommit;
  private final ArrayDeque<Resume> read = new ArrayDeque<>();
  private long committed;

  MemoryPlaces(Resume from, Consumer<Resume> onCommit) {
    Digest before = from.digest();
    this.digester = before == null ? null : new Digester(before);
    this.onCommit = onCommit;
    this.committed = from.position();
  }

  void read(Batch batch) {
    Digest digest = null;
    if (digester != null) {
      digester.update(batch.bytes());
      digest = digester.digest();
    }
    read.add(new Resume(batch.endPosition(), batch.cursor(), digest));
  }

  /** Tells the place; inside a batch there is neither digest nor cursor. */
  void commit(long position) {
    if (position <= committed) {
      return;
    }
    committed = position;
    Resume place = new Resume(position, null, null);
    while (!read.isEmpty() && read.element().position() <= position) {
      Resume passed = read.remove();
      place = passed.position() == position ? passed : place;
    }
    onCommit.accept(place);
  }
}
