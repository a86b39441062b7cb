package io.hostpipe.storage;

import io.hostpipe.Cursor;
import io.hostpipe.Digest;
import io.hostpipe.Digester;
import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.Status;
import io.hostpipe.StreamId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A file that streams are appended to, and that knows after a crash how far each of them has got.
 *
 * <p>Bytes are written behind each other in the order they come; each stream has a {@link Slot}.
 * Data comes before its slot: {@link #commit} notes what was written, {@link #sync} makes first the
 * data lasting and then the slots that speak of it. So what the slots say is there, and what the
 * file has behind it was never promised to anybody, and is cut off by the next process. Each entry
 * of slots has the checksum of the bytes that were new with it: when they are not what was written,
 * the entry before counts.
 *
 * <p>A write that finds no room has written nothing, and can be tried again. Any other failure of a
 * write or a sync is the end: nobody knows what the device has then.
 *
 * <p>Thread rule: {@link #sync} on one thread at a time; {@link #slot} and {@link #streams} on any;
 * all else under one lock of the caller's, which the sync does not need. Knows no thread and no
 * clock, so that every crash of it can be played.
 */
public final class KeptFile implements AutoCloseable {
  /** The most that may be written and not synced. */
  public static final long UNSYNCED_BYTES_MAX = 64L << 20;

  /** The most streams that are remembered. */
  public static final int STREAM_COUNT_MAX = 65_536;

  /** What may lie behind the last slot after a crash: what was not synced, and one batch more. */
  private static final long UNKEPT_BYTES_MAX = UNSYNCED_BYTES_MAX + (16L << 20);

  /** Of what a file had before us so much is remembered, to know it again. */
  private static final long TAIL_BYTES = 64 << 10;

  private final Disk disk;
  private final DiskFile data;
  private final SlotTable table;
  private FileIdentity identity;
  private final Map<StreamId, Place> places = new LinkedHashMap<>();
  private final Set<Place> changed = new LinkedHashSet<>();
  private final List<StreamId> gone = new ArrayList<>();
  private final CRC32C crc = new CRC32C();
  private SlotTable.@Nullable State found;
  private volatile PipeException.@Nullable DataLoss damage;
  private @Nullable String note;
  private FileRange newest = new FileRange(0, 0, 0);
  private long lengthBytes;
  private long changeNumber;
  private boolean mayBeLonger;
  private volatile PipeException.@Nullable DataLoss failure;

  private KeptFile(Disk disk, DiskFile data, SlotTable table, FileIdentity identity) {
    this.disk = disk;
    this.data = data;
    this.table = table;
    this.identity = identity;
  }

  /** The file that has the slots of this one. */
  public static Path beside(Path file) {
    return file.resolveSibling(file.getFileName() + ".hostpipe");
  }

  /**
   * Looks at a file and its slots; changes nothing.
   *
   * @param slots the file with the slots, which may be missing
   * @param data stays the caller's
   * @param isNew whether the file was made just now: slots that are there are of another one,
   *     though that had the same identity, as far as it can be told
   */
  public static KeptFile open(
      Disk disk, Path slots, DiskFile data, FileIdentity identity, boolean isNew)
      throws IOException {
    KeptFile file = new KeptFile(disk, data, SlotTable.at(disk, slots), identity);
    file.lookUp(isNew);
    return file;
  }

  /** The streams that these slots speak of, whatever has become of their file. */
  public static List<StreamId> streams(Disk disk, Path slots) throws IOException {
    List<SlotTable.State> states = SlotTable.at(disk, slots).read();
    return states.isEmpty() ? List.of() : List.copyOf(states.getFirst().slots().keySet());
  }

  /** Whether there are slots that speak of this very file. */
  public boolean isKnown() {
    return found != null || damage != null;
  }

  /** What keeps it from being gone on with; null when nothing does. */
  public PipeException.@Nullable DataLoss damage() {
    return damage;
  }

  /** Something a person should know about what was found; null for nothing. */
  public @Nullable String note() {
    return note;
  }

  /** What is lasting of a stream; null when nothing is known of it. Any thread. */
  public @Nullable Slot slot(StreamId stream) {
    return table.slots().get(stream);
  }

  /** The streams of which something is known. Any thread. */
  public List<StreamId> streams() {
    return List.copyOf(table.slots().keySet());
  }

  /** How long the file is, by what was written and what was kept. */
  public long lengthBytes() {
    return lengthBytes;
  }

  /**
   * Goes on where the slots say; what the file has behind that is cut off.
   *
   * @throws PipeException the {@link #damage}
   */
  public void goOn() throws IOException {
    SlotTable.State state = found;
    if (damage != null) {
      throw damage;
    }
    if (state == null) {
      throw new IllegalStateException("nothing is known of " + data.path());
    }
    if (data.lengthBytes() > lengthBytes) {
      data.truncate(lengthBytes);
    }
    Map<StreamId, Slot> slots = state.slots();
    slots.values().forEach(slot -> places.put(slot.stream(), new Place(slot)));
    newest = state.entry().newest();
    table.begin(identity, lengthBytes, newest, slots.values());
  }

  /**
   * Begins anew; whatever was known is forgotten. Lasting when it returns.
   *
   * @param keepsContent whether what the file has stays in front of all
   */
  public void begin(boolean keepsContent) throws IOException {
    places.clear();
    changed.clear();
    gone.clear();
    if (keepsContent) {
      lengthBytes = data.lengthBytes();
    } else {
      lengthBytes = 0;
      data.truncate(0);
    }
    SlotTable.sync(data);
    disk.syncFolder(SlotTable.folderOf(data.path()));
    newest = FileRange.of(data, Math.max(0, lengthBytes - TAIL_BYTES), lengthBytes);
    crc.reset();
    damage = null;
    table.begin(identity, lengthBytes, newest, List.of());
  }

  /**
   * A stream that is written from here on.
   *
   * @return how far it has got, lasting or not
   * @throws PipeException Refused when there are too many streams
   */
  public Resume join(StreamId stream) throws PipeException {
    Place place = places.get(stream);
    if (place == null) {
      makeRoomFor(stream);
      place = new Place(new Slot(stream, Resume.START, lengthBytes, false));
      places.put(stream, place);
    }
    return place.resume();
  }

  /** How far a stream that has joined has got, lasting or not. */
  public long position(StreamId stream) {
    return placeOf(stream).position;
  }

  /** Whether the stream has joined, in this process or in one before. */
  public boolean knows(StreamId stream) {
    return places.containsKey(stream);
  }

  /** The stream that has the file's last bytes; null when none of those known has any. */
  public @Nullable StreamId last() {
    Place last = null;
    for (Place each : places.values()) {
      if (each.position > 0 && (last == null || each.endOffset > last.endOffset)) {
        last = each;
      }
    }
    return last == null ? null : last.stream;
  }

  /** Whether nothing came of what was begun: no bytes, and no stream that has none. */
  public boolean isEmpty() {
    return damage == null
        && lengthBytes == 0
        && places.values().stream().noneMatch(place -> place.finished);
  }

  /**
   * Looks whether the file is as long as it was written.
   *
   * @throws PipeException DataLoss when somebody else has cut it, or written to it
   */
  public void checkLength() throws IOException {
    cutOffRest();
    long fileBytes = data.lengthBytes();
    if (fileBytes != lengthBytes) {
      throw new PipeException.DataLoss(
          data.path()
              + " was cut, or continued by somebody else: it should have "
              + lengthBytes
              + " bytes and has "
              + fileBytes);
    }
  }

  /** Whether nothing of another stream, or of anybody, lies behind this one's last byte. */
  public boolean endsWith(StreamId stream) {
    Place place = places.get(stream);
    return place != null && place.endOffset == lengthBytes;
  }

  /** The streams that have begun here and not ended. */
  public List<StreamId> unfinished() {
    return places.values().stream()
        .filter(place -> !place.finished && place.position > 0)
        .map(place -> place.stream)
        .toList();
  }

  /**
   * The writer of this epoch is the valid one from here on.
   *
   * @return whether that is news, which a commit has to make lasting
   * @throws PipeException Refused when a later one is known
   */
  public boolean fence(StreamId stream, long epoch) throws PipeException {
    Place place = placeOf(stream);
    if (epoch < place.epoch) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          data.path()
              + " has bytes of a later writer of the stream "
              + stream
              + ": this one is of epoch "
              + epoch
              + " and was replaced by one of epoch "
              + place.epoch);
    }
    if (epoch > place.epoch) {
      place.epoch = epoch;
      change(place);
      return true;
    }
    return false;
  }

  /**
   * Appends a part of a stream. The buffer stays the caller's and is not moved.
   *
   * @param behind the source's own place behind it, when it has one
   * @throws IOException that {@link DiskErrors#isOutOfRoom}, or because the thread was interrupted:
   *     nothing was written, try again. DataLoss: the end
   */
  public void append(StreamId stream, ByteBuffer bytes, @Nullable Cursor behind)
      throws IOException {
    Place place = placeOf(stream);
    checkSound();
    cutOffRest();
    try {
      data.write(bytes.duplicate(), lengthBytes);
    } catch (IOException e) {
      mayBeLonger = true;
      if (DiskErrors.isOutOfRoom(e)) {
        cutOffQuietly();
        throw e;
      }
      throw failed("cannot be written at offset " + lengthBytes, e);
    }
    crc.update(bytes.duplicate());
    lengthBytes += bytes.remaining();
    place.append(bytes, behind, lengthBytes);
    change(place);
  }

  /** The stream ends where it is. */
  public void finish(StreamId stream) {
    Place place = placeOf(stream);
    if (!place.finished) {
      place.finished = true;
      change(place);
    }
  }

  /** Grows with each change; a commit covers all changes up to its number. */
  public long changeNumber() {
    return changeNumber;
  }

  /** What changed since the last commit, to be synced; null when nothing did. */
  public @Nullable Commit commit() throws IOException {
    checkSound();
    cutOffRest();
    if (changed.isEmpty() && gone.isEmpty()) {
      return null;
    }
    if (lengthBytes > newest.end()) {
      newest = new FileRange(newest.end(), lengthBytes, (int) crc.getValue());
      crc.reset();
    }
    Commit commit =
        new Commit(
            changeNumber,
            lengthBytes,
            newest,
            changed.stream().map(Place::slot).toList(),
            List.copyOf(gone));
    changed.clear();
    gone.clear();
    return commit;
  }

  /**
   * Makes a commit lasting: first the data, then the slots.
   *
   * @throws IOException that {@link DiskErrors#isFull}: try again. DataLoss: the end
   */
  public void sync(Commit commit) throws IOException {
    checkSound();
    try {
      SlotTable.sync(data);
      table.keep(identity, commit.lengthBytes, commit.newest, commit.slots, commit.gone);
    } catch (IOException e) {
      if (DiskErrors.isFull(e)) {
        throw e;
      }
      throw failed("cannot be made lasting", e);
    }
  }

  /** Removes the slots: nothing came of what was begun. */
  public void forget() throws IOException {
    table.remove();
  }

  /** Gives back what it has opened; the data stays as it is. */
  @Override
  public void close() {
    table.close();
  }

  private void lookUp(boolean isNew) throws IOException {
    List<SlotTable.State> states = table.read();
    if (isNew || states.isEmpty() || !states.getFirst().entry().file().canBe(identity)) {
      return;
    }
    SlotCodec.Entry last = states.getFirst().entry();
    table.believe(states.getFirst());
    lengthBytes = last.lengthBytes();
    long fileBytes = data.lengthBytes();
    if (fileBytes < last.lengthBytes()) {
      damage =
          loss(
              "it should have "
                  + last.lengthBytes()
                  + " bytes and has "
                  + fileBytes
                  + ": was it cut?");
    } else if (fileBytes - last.lengthBytes() > UNKEPT_BYTES_MAX) {
      damage =
          loss(
              "it goes on for "
                  + (fileBytes - last.lengthBytes())
                  + " bytes behind what was kept of it: somebody else wrote to it");
    } else {
      believeWhatIsThere(states);
    }
  }

  private void believeWhatIsThere(List<SlotTable.State> states) throws IOException {
    SlotCodec.Entry last = states.getFirst().entry();
    for (SlotTable.State state : states) {
      SlotCodec.Entry entry = state.entry();
      if (entry.file().canBe(identity) && entry.newest().isIn(data)) {
        found = state;
        identity = known(entry.file());
        lengthBytes = entry.lengthBytes();
        table.believe(state);
        if (!entry.equals(last)) {
          note =
              data.path()
                  + " does not have the newest bytes that were kept of it, from "
                  + entry.lengthBytes()
                  + " to "
                  + last.lengthBytes()
                  + "; they are asked for again";
        }
        return;
      }
    }
    FileRange range = last.newest();
    damage = loss("its bytes from " + range.begin() + " to " + range.end() + " are other ones");
  }

  /** The time of birth, as long as one of both tells it. */
  private FileIdentity known(FileIdentity kept) {
    return identity.birthNanos() == 0 ? kept : identity;
  }

  private PipeException.DataLoss loss(String what) {
    return new PipeException.DataLoss(
        data.path()
            + " does not hold what was kept of it: "
            + what
            + " Send into another file, or move this one away with the one of its slots beside it");
  }

  private void makeRoomFor(StreamId stream) throws PipeException {
    if (places.size() < STREAM_COUNT_MAX) {
      return;
    }
    for (Iterator<Place> each = places.values().iterator(); each.hasNext(); ) {
      Place oldest = each.next();
      if (oldest.finished) {
        each.remove();
        changed.remove(oldest);
        gone.add(oldest.stream);
        return;
      }
    }
    throw new PipeException.Refused(
        Status.RESOURCE_EXHAUSTED,
        data.path()
            + " holds "
            + STREAM_COUNT_MAX
            + " streams that have not ended; "
            + stream
            + " needs a file of its own");
  }

  private Place placeOf(StreamId stream) {
    Place place = places.get(stream);
    if (place == null) {
      throw new IllegalStateException("the stream " + stream + " has not joined " + data.path());
    }
    return place;
  }

  private void change(Place place) {
    changed.add(place);
    changeNumber++;
  }

  private void checkSound() throws PipeException {
    PipeException.DataLoss why = failure;
    if (why != null) {
      throw why;
    }
  }

  /** What a write that failed has left. */
  private void cutOffRest() throws IOException {
    if (mayBeLonger) {
      try {
        data.truncate(lengthBytes);
      } catch (IOException e) {
        throw failed("cannot be cut at offset " + lengthBytes, e);
      }
      mayBeLonger = false;
    }
  }

  private void cutOffQuietly() {
    try {
      data.truncate(lengthBytes);
      mayBeLonger = false;
    } catch (IOException e) {
      // The next write, or commit, does it or fails.
    }
  }

  private IOException failed(String what, IOException error) {
    if (error instanceof ClosedChannelException) {
      return error;
    }
    PipeException.DataLoss why =
        error instanceof PipeException.DataLoss known
            ? known
            : new PipeException.DataLoss(
                data.path() + " " + what + ": " + DiskErrors.endOf(error), error);
    failure = why;
    return why;
  }

  /** What one {@link #sync} makes lasting. Immutable. */
  public static final class Commit {
    private final long changeNumber;
    private final long lengthBytes;
    private final FileRange newest;
    private final List<Slot> slots;
    private final List<StreamId> gone;

    private Commit(
        long changeNumber,
        long lengthBytes,
        FileRange newest,
        List<Slot> slots,
        List<StreamId> gone) {
      this.changeNumber = changeNumber;
      this.lengthBytes = lengthBytes;
      this.newest = newest;
      this.slots = slots;
      this.gone = gone;
    }

    /** Of the last change in it. */
    public long changeNumber() {
      return changeNumber;
    }

    /** How long the file is with it. */
    public long lengthBytes() {
      return lengthBytes;
    }

    /** Those that changed. */
    public List<Slot> slots() {
      return slots;
    }
  }

  /** How far a stream has got, lasting or not. */
  private static final class Place {
    final StreamId stream;
    final Digester digester;
    long position;
    @Nullable Cursor cursor;
    long cursorPosition;
    long epoch;
    long endOffset;
    boolean finished;

    Place(Slot slot) {
      Resume held = slot.held();
      Digest digest = held.digest();
      this.stream = slot.stream();
      this.digester = new Digester(digest == null ? Digest.EMPTY : digest);
      this.position = held.position();
      this.cursor = held.cursor();
      this.cursorPosition = held.cursorPosition();
      this.epoch = held.epoch();
      this.endOffset = slot.endOffset();
      this.finished = slot.finished();
    }

    void append(ByteBuffer bytes, @Nullable Cursor behind, long newEndOffset) {
      digester.update(bytes);
      position += bytes.remaining();
      if (behind != null) {
        cursor = behind;
        cursorPosition = position;
      }
      endOffset = newEndOffset;
      finished = false;
    }

    Resume resume() {
      return new Resume(position, cursor, digester.digest(), cursorPosition, epoch);
    }

    Slot slot() {
      return new Slot(stream, resume(), endOffset, finished);
    }
  }
}
