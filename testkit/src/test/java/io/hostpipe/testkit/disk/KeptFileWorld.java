package io.hostpipe.testkit.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import io.hostpipe.storage.DiskErrors;
import io.hostpipe.storage.DiskFile;
import io.hostpipe.storage.FileIdentity;
import io.hostpipe.storage.KeptFile;
import io.hostpipe.storage.Slot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Some streams that want to be in one file, and what may be expected of it: a list of the parts in
 * their order, which is cut where a crash cut the file, and beside it what was promised.
 *
 * <p>The lives of processes are played on one thread: parts are appended, commits noted and synced,
 * in an order that a seed chooses, until every stream is whole.
 */
final class KeptFileWorld {
  static final Path FILE = SimulatedDisk.ROOT.resolve("out");

  /** Of every file of this name: a real system gives the number of a lost one to the next, too. */
  private static final FileIdentity IDENTITY = new FileIdentity(1, 0);

  static final Path SLOTS = KeptFile.beside(FILE);

  private final int streamCount;
  private final int streamBytes;
  private final UnaryOperator<DiskFile> onData;
  private final List<Part> parts = new ArrayList<>();
  private final Map<StreamId, Resume> promised = new HashMap<>();
  private final Map<StreamId, Boolean> promisedEnds = new HashMap<>();
  private long promisedBytes;

  /** A file that one stream after another, or all at once, go into. */
  KeptFileWorld(int streamCount, int streamBytes, UnaryOperator<DiskFile> onData) {
    this.streamCount = streamCount;
    this.streamBytes = streamBytes;
    this.onData = onData;
  }

  private record Part(StreamId stream, long begin, int lengthBytes, @Nullable Cursor behind) {}

  /** One process, until every stream is whole or it ends before. */
  void live(SimulatedDisk disk, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    boolean isNew = !disk.exists(FILE);
    try (DiskFile data = onData.apply(disk.open(FILE));
        KeptFile kept = KeptFile.open(disk, SLOTS, data, IDENTITY, isNew)) {
      begin(disk, kept);
      Map<StreamId, Resume> held = new HashMap<>();
      for (int i = 0; i < streamCount; i++) {
        StreamId stream = stream(i);
        long epoch = promised.getOrDefault(stream, Resume.START).epoch() + random.nextInt(2);
        held.put(stream, kept.join(stream));
        assertThat(held.get(stream)).isEqualTo(expected(stream, held.get(stream).epoch()));
        if (epoch > 0) {
          kept.fence(stream, Math.max(epoch, held.get(stream).epoch()));
        }
      }
      play(kept, held, random);
    }
    check(disk);
  }

  private void play(KeptFile kept, Map<StreamId, Resume> held, SplittableRandom random)
      throws IOException {
    KeptFile.Commit pending = null;
    Map<StreamId, Long> positions = new HashMap<>();
    held.forEach((stream, resume) -> positions.put(stream, resume.position()));
    while (pending != null || !isWhole(kept)) {
      if (pending != null && random.nextInt(3) == 0) {
        KeptFile.Commit commit = pending;
        retrying(() -> kept.sync(commit));
        promise(pending);
        pending = null;
      } else if (pending == null && random.nextInt(3) == 0) {
        pending = kept.commit();
      } else {
        StreamId stream = stream(random.nextInt(streamCount));
        long position = positions.getOrDefault(stream, 0L);
        int rest = (int) (streamBytes - position);
        if (rest > 0) {
          int lengthBytes = random.nextInt(1, rest + 1);
          Cursor behind = random.nextBoolean() ? Cursor.of("at " + (position + lengthBytes)) : null;
          ByteBuffer bytes = content(stream, position, lengthBytes);
          retrying(() -> kept.append(stream, bytes, behind));
          parts.add(new Part(stream, position, lengthBytes, behind));
          positions.put(stream, position + lengthBytes);
        } else {
          kept.finish(stream);
        }
      }
    }
  }

  private boolean isWhole(KeptFile kept) {
    for (int i = 0; i < streamCount; i++) {
      Slot slot = kept.slot(stream(i));
      if (slot == null || !slot.finished()) {
        return false;
      }
    }
    return true;
  }

  /**
   * What a process finds has to be what was written, up to some part, and all that was promised.
   */
  private void begin(SimulatedDisk disk, KeptFile kept) throws IOException {
    assertThat(kept.damage()).isNull();
    assertThat(kept.note()).isNull();
    if (kept.isKnown()) {
      kept.goOn();
    } else {
      assertThat(promisedBytes).as("what was promised of a file that nobody knows").isZero();
      kept.begin(false);
    }
    long foundBytes = kept.lengthBytes();
    assertThat(foundBytes).as("length").isGreaterThanOrEqualTo(promisedBytes);
    cutParts(foundBytes);
    assertThat(disk.content(FILE)).as("content").isEqualTo(reference());
    promised.forEach((stream, resume) -> {
      Slot slot = Objects.requireNonNull(kept.slot(stream), "a slot");
      assertThat(slot.held().position()).isGreaterThanOrEqualTo(resume.position());
      assertThat(slot.held().epoch()).isGreaterThanOrEqualTo(resume.epoch());
      assertThat(slot.finished() || !promisedEnds.getOrDefault(stream, false)).isTrue();
    });
    for (StreamId stream : kept.streams()) {
      Resume now = held(kept, stream);
      assertThat(now).isEqualTo(expected(stream, now.epoch()));
      // A process that has begun makes lasting what it found.
      promised.put(stream, now);
    }
    promisedBytes = foundBytes;
  }

  private static Resume held(KeptFile kept, StreamId stream) {
    Slot slot = kept.slot(stream);
    return slot == null ? Resume.START : slot.held();
  }

  private void promise(KeptFile.Commit commit) {
    promisedBytes = commit.lengthBytes();
    for (Slot slot : commit.slots()) {
      promised.put(slot.stream(), slot.held());
      promisedEnds.put(slot.stream(), slot.finished());
    }
  }

  /** At the end all is there, lasting, and each stream is whole. */
  private void check(SimulatedDisk disk) {
    assertThat(disk.content(FILE)).isEqualTo(reference());
    assertThat(disk.lastingContent(FILE)).isEqualTo(reference());
    assertThat(parts.stream().mapToInt(Part::lengthBytes).sum())
        .isEqualTo(streamCount * streamBytes);
  }

  private void cutParts(long foundBytes) {
    long bytes = 0;
    int count = 0;
    while (bytes < foundBytes) {
      bytes += parts.get(count).lengthBytes;
      count++;
    }
    assertThat(bytes).as("a cut between two parts").isEqualTo(foundBytes);
    parts.subList(count, parts.size()).clear();
  }

  private byte[] reference() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (Part part : parts) {
      all.writeBytes(content(part.stream, part.begin, part.lengthBytes).array());
    }
    return all.toByteArray();
  }

  private Resume expected(StreamId stream, long epoch) {
    long position = 0;
    long cursorPosition = 0;
    Cursor cursor = null;
    for (Part part : parts) {
      if (part.stream.equals(stream)) {
        assertThat(part.begin).as("no gap and no double in %s", stream).isEqualTo(position);
        position += part.lengthBytes;
        if (part.behind != null) {
          cursor = part.behind;
          cursorPosition = position;
        }
      }
    }
    Digest digest = Digest.of(content(stream, 0, (int) position));
    return new Resume(position, cursor, digest, cursorPosition, epoch);
  }

  private static StreamId stream(int index) {
    return new StreamId("stream " + index);
  }

  private static ByteBuffer content(StreamId stream, long position, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    for (int i = 0; i < lengthBytes; i++) {
      bytes[i] = (byte) ((position + i) * 31 + (position + i) / 253 + stream.hashCode());
    }
    return ByteBuffer.wrap(bytes);
  }

  private interface Step {
    void run() throws IOException;
  }

  private static void retrying(Step step) throws IOException {
    while (true) {
      try {
        step.run();
        return;
      } catch (PipeException e) {
        throw e;
      } catch (IOException e) {
        if (!DiskErrors.isFull(e)) {
          throw e;
        }
      }
    }
  }
}
